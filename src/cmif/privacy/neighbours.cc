// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cmif/privacy/clustering.h"
#include "cmif/privacy/rounding.h"
#include "cmif/privacy/scaled_mechanism.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

using Scored = std::vector<std::pair<float, int32_t>>;  // -cosine, id

struct Parameters {
  size_t size;
  const ScaledMechanism* mechanism;
  double scale;
};

Result<Parameters> Check(const RowMatrix& rows,
                         std::span<const int32_t> class_of, int size,
                         std::string_view mechanism, Epsilon epsilon) {
  if (class_of.size() != static_cast<size_t>(rows.rows)) {
    return InvalidArgument(
        fmt::format("{} classes for {} rows", class_of.size(), rows.rows));
  }
  if (size < 2 || size > kMaxClusterSize) {
    return InvalidArgument(
        fmt::format("lists of {} words; 2 to {} are "
                    "possible",
                    size, kMaxClusterSize));
  }
  CMIF_ASSIGN(const Mechanism* const found, FindMechanism(mechanism));
  const auto* scaled = dynamic_cast<const ScaledMechanism*>(found);
  if (scaled == nullptr) {
    return NotFound(
        fmt::format("mechanism {} has no noise scale: it works on "
                    "clusters, not on lists of neighbours",
                    mechanism));
  }
  return Parameters{static_cast<size_t>(size), scaled,
                    scaled->TextbookScale(epsilon)};
}

// The row's own id first, then the nearest of `ids`; ties to the lower id.
Scored Nearest(const RowMatrix& rows, int32_t own, std::span<const int32_t> ids,
               size_t size) {
  Scored scored;
  scored.reserve(ids.size());
  for (const int32_t id : ids) {
    if (id != own) scored.emplace_back(-Dot(rows.Row(own), rows.Row(id)), id);
  }
  const size_t kept = std::min(size - 1, scored.size());
  const auto end = scored.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(scored.begin(), end, scored.end());
  scored.resize(kept);
  scored.emplace(scored.begin(), -Dot(rows.Row(own), rows.Row(own)), own);
  return scored;
}

std::vector<uint32_t> WeightsOf(const Scored& scored,
                                const Parameters& parameters) {
  if (scored.size() < 2) return {};
  const auto [low, high] = std::ranges::minmax(
      scored, {}, [](const auto& entry) { return -entry.first; });
  const double least = -low.first;
  const double spread = -high.first - least;
  std::vector<double> utilities;
  for (const auto& [negative, id] : scored) {
    utilities.push_back(spread > 0 ? (-negative - least) / spread : 0.0);
  }
  std::vector<double> probabilities(utilities.size());
  parameters.mechanism->Probabilities(utilities, parameters.scale,
                                      probabilities);
  std::vector<uint32_t> weights(utilities.size());
  RoundToWeights(probabilities, weights);
  return weights;
}

}  // namespace

Result<UncheckedNeighbours> UncheckedNeighbours::Create(
    const RowMatrix& rows, std::span<const int32_t> class_of, int size,
    std::string_view mechanism, Epsilon epsilon, int threads,
    const ProgressFn& progress) {
  CMIF_ASSIGN(const Parameters parameters,
              Check(rows, class_of, size, mechanism, epsilon));
  std::map<int32_t, std::vector<int32_t>> classes;
  for (size_t id = 0; id < class_of.size(); ++id) {
    if (class_of[id] >= 0) {
      classes[class_of[id]].push_back(static_cast<int32_t>(id));
    }
  }
  UncheckedNeighbours result;
  result.lists_.resize(class_of.size());
  result.weights_.resize(class_of.size());
  ParallelFor(
      class_of.size(), threads > 0 ? threads : HardwareThreads(),
      [&](size_t id) {
        if (class_of[id] < 0) return;
        const Scored scored =
            Nearest(rows, static_cast<int32_t>(id),
                    classes.find(class_of[id])->second, parameters.size);
        for (const auto& [negative, other] : scored) {
          result.lists_[id].push_back(other);
        }
        result.weights_[id] = WeightsOf(scored, parameters);
      },
      progress);
  return result;
}

std::span<const int32_t> UncheckedNeighbours::List(int32_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= lists_.size()) return {};
  return lists_[static_cast<size_t>(id)];
}

std::span<const uint32_t> UncheckedNeighbours::Weights(int32_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= weights_.size()) return {};
  return weights_[static_cast<size_t>(id)];
}

int32_t UncheckedNeighbours::Draw(int32_t id, RandomSource& random) const {
  const auto list = List(id);
  if (list.empty()) return id;
  uint64_t rest = random.Next32();
  const auto weights = Weights(id);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (rest < weights[i]) return list[i];
    rest -= weights[i];
  }
  return list[0];  // a class of one word
}

size_t UncheckedNeighbours::OneWayPairs() const {
  size_t pairs = 0;
  for (size_t x = 0; x < lists_.size(); ++x) {
    for (const int32_t y : lists_[x]) {
      if (std::ranges::find(List(y), static_cast<int32_t>(x)) ==
          List(y).end()) {
        ++pairs;
      }
    }
  }
  return pairs;
}

}  // namespace cmif::privacy
