// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/optimal.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/fill.h"
#include "cmif/privacy/staircase_program.h"

namespace cmif::privacy {
namespace {

constexpr int kMaxTrials = 4;

struct Limits {
  int64_t low;
  int64_t high;
};

// The limits of each column for a channel scaled to `total`.
std::vector<Limits> ColumnLimits(std::span<const double> channel, size_t k,
                                 double total, Epsilon epsilon) {
  // 64 bits of mantissa; certification catches what rounding still does.
  const long double ratio =
      std::exp(static_cast<long double>(epsilon.micro()) / 1e6L);
  std::vector<Limits> limits(k);
  for (size_t y = 0; y < k; ++y) {
    double least = channel[y];
    for (size_t x = 1; x < k; ++x) {
      least = std::min(least, channel[x * k + y]);
    }
    const double low = std::max(1.0, std::ceil(least * total));
    limits[y].low = static_cast<int64_t>(low);
    limits[y].high =
        static_cast<int64_t>(std::floor(static_cast<long double>(low) * ratio));
  }
  return limits;
}

// One row inside the limits with sum 2^32: rounded, then what is too much comes
// off the weights furthest above their low limit, what is missing goes to those
// furthest below their high one. False where the limits leave no room.
bool RoundRow(std::span<const double> row, const std::vector<Limits>& limits,
              double total, std::span<uint32_t> weights) {
  int64_t missing = static_cast<int64_t>(kRowSum);
  std::vector<int64_t> exact(row.size());
  for (size_t y = 0; y < row.size(); ++y) {
    exact[y] = std::clamp<int64_t>(std::llround(row[y] * total), limits[y].low,
                                   limits[y].high);
    missing -= exact[y];
  }
  while (missing != 0) {
    const int64_t sign = missing > 0 ? 1 : -1;
    size_t best = 0;
    int64_t most = 0;
    for (size_t y = 0; y < row.size(); ++y) {
      const int64_t room =
          sign > 0 ? limits[y].high - exact[y] : exact[y] - limits[y].low;
      if (room <= most) continue;
      best = y;
      most = room;
    }
    if (most == 0) return false;
    const int64_t change = std::min(most, sign * missing);
    exact[best] += sign * change;
    missing -= sign * change;
  }
  for (size_t y = 0; y < row.size(); ++y) {
    weights[y] = static_cast<uint32_t>(exact[y]);
  }
  return true;
}

// Whether sum_x prior(x) P(y|x) <= cap for every y, as deployed.
bool CapHolds(std::span<const uint32_t> weights,
              const std::vector<double>& prior, double cap) {
  const size_t k = prior.size();
  for (size_t y = 0; y < k; ++y) {
    double share = 0;
    for (size_t x = 0; x < k; ++x) share += prior[x] * weights[x * k + y];
    if (share > cap * static_cast<double>(kRowSum)) return false;
  }
  return true;
}

}  // namespace

std::vector<uint32_t> RoundInsideLimits(std::span<const double> channel, int k,
                                        Epsilon epsilon) {
  const auto size = static_cast<size_t>(k);
  // Room for each column's low limit to be rounded up.
  const double total = static_cast<double>(kRowSum) - k;
  const auto limits = ColumnLimits(channel, size, total, epsilon);
  std::vector<uint32_t> weights(size * size);
  for (size_t x = 0; x < size; ++x) {
    if (!RoundRow(channel.subspan(x * size, size), limits, total,
                  std::span(weights).subspan(x * size, size))) {
      return {};
    }
  }
  return weights;
}

Result<ClusterTable> Optimal::Fill(const ClusterUtilities& utilities,
                                   const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  std::vector<double> prior = NormalisedPrior(k, options.prior);
  const double weight = static_cast<double>(utilities.k) / kRowSum;
  // Inside eps by what rounding takes: about 2 k weights of a row, and the
  // solver's own tolerance.
  double inside = 1e-7 + 16 * weight;
  StaircaseProgram program{utilities, std::move(prior), 0, 1};
  const bool capped = options.hub_cap && utilities.k > 2;
  const double cap = capped ? 2.0 / utilities.k : 1;
  for (int trial = 0;
       trial < kMaxTrials && inside < 0.5 * options.epsilon.value();
       ++trial, inside *= 10) {
    program.epsilon = options.epsilon.value() - inside;
    if (capped) program.cap = cap - inside;
    const auto solution = SolveStaircase(program);
    // A program that did not come to an end may do so a little further inside.
    if (!solution) continue;
    ClusterTable table{RoundInsideLimits(solution->probabilities, utilities.k,
                                         options.epsilon),
                       0, 0};
    if (table.weights.empty() ||
        (capped && !CapHolds(table.weights, program.prior, cap))) {
      continue;
    }
    auto certified = Certified(std::move(table), utilities.k, options.epsilon);
    if (certified) return certified;
  }
  return Internal("no table of a cluster could be certified");
}

}  // namespace cmif::privacy
