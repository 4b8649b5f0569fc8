// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/certify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cmif/privacy/clustering.h"

namespace cmif::privacy {
namespace {

using Wide = WideUint;

// A rational lower bound of e^eps, times 2^64, for eps = micro / 10^6 <= 16.
//
// t_0 = 2^64, t_n = floor(t_{n-1} micro / (n 10^6)), summed until t_n = 0.
// Lower bound: by induction t_n <= 2^64 eps^n / n!, the floor only lowers it,
// and the terms left out are positive. Monotone in micro, term by term.
// No overflow: max_n 16^n / n! = 16^16 / 16! < 2^20, so t_n < 2^84 and
// t_{n-1} micro < 2^84 2^24 = 2^108; the sum is below 2^64 e^16 < 2^88.
// Ends: from n = 17 on each term is at most 16/17 of the one before.
Wide ExpLowerBound(uint64_t micro) {
  Wide term = Wide{1} << 64;
  Wide sum = term;
  for (uint64_t n = 1; term != 0; ++n) {
    term = term * micro / (Wide{n} * 1'000'000U);
    sum += term;
  }
  return sum;
}

struct Extremes {
  uint32_t max;
  uint32_t min;
};

Extremes ColumnExtremes(std::span<const uint32_t> weights, size_t k,
                        size_t column) {
  Extremes extremes{weights[column], weights[column]};
  for (size_t x = 1; x < k; ++x) {
    const uint32_t weight = weights[x * k + column];
    extremes.max = std::max(extremes.max, weight);
    extremes.min = std::min(extremes.min, weight);
  }
  return extremes;
}

// max <= min * bound / 2^64, exactly: max 2^64 < 2^96, min bound < 2^32 2^88.
bool Holds(Extremes extremes, Wide bound) {
  return (Wide{extremes.max} << 64) <= Wide{extremes.min} * bound;
}

// The column of the greatest max / min, compared by cross-multiplication.
Extremes WorstColumn(std::span<const uint32_t> weights, size_t k) {
  Extremes worst{1, 1};
  for (size_t y = 0; y < k; ++y) {
    const Extremes extremes = ColumnExtremes(weights, k, y);
    if (uint64_t{extremes.max} * worst.min >
        uint64_t{worst.max} * extremes.min) {
      worst = extremes;
    }
  }
  return worst;
}

// The smallest micro-eps that holds; the floating ratio is only where the
// exact search starts.
template <typename Held>
uint64_t SmallestMicro(double ratio, const Held& holds) {
  if (!holds(kMaxEpsilonMicro)) return kLossBeyondLimit;
  const double guess = std::max(0.0, std::ceil(1e6 * std::log(ratio)));
  auto micro = std::min(static_cast<uint64_t>(guess), kMaxEpsilonMicro);
  while (!holds(micro)) ++micro;
  while (micro > 0 && holds(micro - 1)) --micro;
  return micro;
}

Result<void> CheckRow(std::span<const uint32_t> row, size_t x) {
  uint64_t sum = 0;
  for (const uint32_t weight : row) {
    if (weight == 0) {
      return FailedPrecondition(
          fmt::format("row {} of the table has a zero weight", x));
    }
    sum += weight;  // at most 256 * 2^32
  }
  if (sum != kRowSum) {
    return FailedPrecondition(
        fmt::format("row {} of the table does not sum to 2^32", x));
  }
  return {};
}

}  // namespace

Result<void> CertifyTable(std::span<const uint32_t> weights, int k,
                          Epsilon epsilon) {
  const auto size = static_cast<size_t>(k);
  if (k < 2 || k > kMaxClusterSize || weights.size() != size * size) {
    return InvalidArgument(
        fmt::format("{} weights are no table of {} words; 2 to {} are possible",
                    weights.size(), k, kMaxClusterSize));
  }
  for (size_t x = 0; x < size; ++x) {
    CMIF_TRY(CheckRow(weights.subspan(x * size, size), x));
  }
  const Wide bound = ExpLowerBound(epsilon.micro());
  for (size_t y = 0; y < size; ++y) {
    if (!Holds(ColumnExtremes(weights, size, y), bound)) {
      return FailedPrecondition(
          fmt::format("column {} of the table loses more than {} micro-eps", y,
                      epsilon.micro()));
    }
  }
  return {};
}

uint64_t LossMicro(std::span<const uint32_t> weights, int k) {
  const Extremes worst = WorstColumn(weights, static_cast<size_t>(k));
  return SmallestMicro(
      static_cast<double>(worst.max) / static_cast<double>(worst.min),
      [&](uint64_t micro) { return Holds(worst, ExpLowerBound(micro)); });
}

uint64_t RatioLossMicro(WideUint max, WideUint min) {
  if (max <= min) return 0;
  // Both shifted down until max < 2^70, max rounded up and min down: then
  // max 2^32 < 2^102 and, with e^16 2^32 < 2^56, min e^eps 2^32 < 2^126.
  int shift = 0;
  while ((max >> shift) >> 70 != 0) ++shift;
  const Wide high = (max >> shift) + 1 - (shift == 0 ? 1 : 0);
  const Wide low = min >> shift;
  if (low == 0) return kLossBeyondLimit;
  return SmallestMicro(static_cast<double>(high) / static_cast<double>(low),
                       [&](uint64_t micro) {
                         return (high << 32) <=
                                low * (ExpLowerBound(micro) >> 32);
                       });
}

}  // namespace cmif::privacy
