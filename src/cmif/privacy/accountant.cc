// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/accountant.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::privacy {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

uint64_t SaturatingSum(uint64_t a, uint64_t b) {
  return b > kMost - a ? kMost : a + b;
}

void AddTimes(const RenyiCurve& curve, uint64_t times, RenyiCurve& sum) {
  for (size_t i = 0; i < sum.size(); ++i) {
    sum[i] += static_cast<double>(times) * curve[i];
  }
}

// Rounded up to whole millionths; the product itself may round down.
uint64_t CeilMicro(double epsilon) {
  const double micro = std::ceil(epsilon * 1e6 * (1 + 4e-16));
  if (!(micro < 0x1p63)) return kMost;
  return micro <= 0 ? 0 : static_cast<uint64_t>(micro);
}

}  // namespace

uint64_t EpsilonMicroOf(const RenyiCurve& curve, Delta delta, size_t terms) {
  // A sum of positive products errs by (terms + 1) 2^-53 of itself.
  const double widened = 1 + static_cast<double>(terms + 4) * 0x1p-52;
  double best = curve.back() * widened;
  for (size_t i = 0; i < kRenyiOrders.size(); ++i) {
    const double a = kRenyiOrders[i];
    // Below 100 in sum, so their rounding is less than 1e-13 / (a - 1).
    const double conversion =
        (-std::log(delta.value()) - std::log(a)) / (a - 1) +
        std::log1p(-1 / a) + 1e-13 / (a - 1);
    best = std::min(best, curve[i] * widened + std::max(conversion, 0.0));
  }
  return CeilMicro(best);
}

Accountant::Accountant(std::shared_ptr<const Channel> channel,
                       std::optional<uint64_t> pure_micro)
    : channel_(std::move(channel)),
      pure_micro_(pure_micro),
      curves_(std::make_unique<Kept[]>(channel_->tables().size())) {}

Result<Accountant> Accountant::Create(std::shared_ptr<const Channel> channel) {
  if (!channel) return InvalidArgument("an accountant needs a channel");
  return Accountant(std::move(channel), std::nullopt);
}

Result<Accountant> Accountant::CreatePure(
    std::shared_ptr<const Channel> channel, uint64_t epsilon_micro) {
  if (!channel) return InvalidArgument("an accountant needs a channel");
  if (epsilon_micro > kMaxEpsilonMicro) {
    return InvalidArgument("an epsilon above 16 for each draw");
  }
  return Accountant(std::move(channel), epsilon_micro);
}

uint64_t Accountant::LossOfDraw(size_t cluster) const {
  return pure_micro_.value_or(channel_->tables()[cluster].loss_micro);
}

const RenyiCurve& Accountant::CurveOf(int cluster) const {
  const auto index = static_cast<size_t>(cluster);
  Kept& kept = curves_[index];
  std::call_once(kept.once, [&] {
    if (pure_micro_) {
      kept.curve = PureDpCurve(*pure_micro_);
      return;
    }
    const size_t k = channel_->clustering().clusters()[index].size();
    if (k < 2) return;
    kept.curve =
        TableCurve(channel_->tables()[index].weights, static_cast<int>(k));
  });
  return kept.curve;
}

Result<DocumentLoss> Accountant::LossOf(const Charges& charges,
                                        Delta delta) const {
  DocumentLoss loss;
  RenyiCurve sum{};
  for (const auto& [cluster, draws] : charges.by_cluster()) {
    const auto index = static_cast<size_t>(cluster);
    if (cluster < 0 || index >= channel_->tables().size()) {
      return InvalidArgument("a charge to a cluster that the channel has not");
    }
    loss.naive_micro =
        SaturatingSum(loss.naive_micro, TotalMicro(draws, LossOfDraw(index)));
    AddTimes(CurveOf(cluster), draws, sum);
  }
  loss.document_micro =
      std::min(loss.naive_micro,
               EpsilonMicroOf(sum, delta, charges.by_cluster().size()));
  return loss;
}

uint64_t Accountant::DrawsMicro(int cluster, uint64_t draws,
                                Delta delta) const {
  Charges charges;
  charges.Add(cluster, draws);
  return LossOf(charges, delta)->document_micro;
}

DocumentEpsilons Accountant::WorstDocumentEpsilon(uint64_t draws, Delta delta,
                                                  int threads) const {
  const auto& clusters = channel_->clustering().clusters();
  std::vector<uint64_t> micro(clusters.size());
  ParallelFor(clusters.size(), threads > 0 ? threads : HardwareThreads(),
              [&](size_t c) {
                micro[c] = DrawsMicro(static_cast<int>(c), draws, delta);
              });
  size_t largest = 0;
  for (const auto& cluster : clusters) {
    largest = std::max(largest, cluster.size());
  }
  DocumentEpsilons result;
  double sum = 0;
  size_t counted = 0;
  for (size_t c = 0; c < clusters.size(); ++c) {
    if (clusters[c].size() < 2) continue;
    result.worst_micro = std::max(result.worst_micro, micro[c]);
    if (clusters[c].size() == largest) {
      result.worst_full_micro = std::max(result.worst_full_micro, micro[c]);
    }
    sum += static_cast<double>(micro[c]);
    ++counted;
  }
  if (counted > 0) {
    result.mean_micro =
        static_cast<uint64_t>(std::ceil(sum / static_cast<double>(counted)));
  }
  return result;
}

}  // namespace cmif::privacy
