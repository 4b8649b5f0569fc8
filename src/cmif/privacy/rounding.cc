// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rounding.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/clustering.h"

namespace cmif::privacy {
namespace {

// Gives `missing` units to the largest remainders.
void GiveUnits(std::span<const double> remainders, int64_t missing,
               std::span<uint32_t> weights) {
  std::array<int, kMaxClusterSize> order;
  const auto k = static_cast<int>(weights.size());
  for (int i = 0; i < k; ++i) order[static_cast<size_t>(i)] = i;
  std::sort(order.begin(), order.begin() + k, [&](int a, int b) {
    const double left = remainders[static_cast<size_t>(a)];
    const double right = remainders[static_cast<size_t>(b)];
    return left != right ? left > right : a < b;
  });
  for (int64_t i = 0; i < missing; ++i) {
    ++weights[static_cast<size_t>(order[static_cast<size_t>(i % k)])];
  }
}

}  // namespace

void RoundToWeights(std::span<const double> probabilities,
                    std::span<uint32_t> weights) {
  double total = 0;
  for (const double p : probabilities) total += p;
  std::array<double, kMaxClusterSize> remainders{};
  int64_t missing = static_cast<int64_t>(kRowSum);
  for (size_t i = 0; i < weights.size(); ++i) {
    // At most 2^32 - 1, so that a near-certain output still fits its word.
    const double exact =
        std::min(probabilities[i] / total * static_cast<double>(kRowSum),
                 static_cast<double>(kRowSum - 1));
    const double floored = std::floor(exact);
    weights[i] = std::max(1U, static_cast<uint32_t>(floored));
    remainders[i] = floored < 1 ? 0.0 : exact - floored;
    missing -= weights[i];
  }
  if (missing > 0) GiveUnits(remainders, missing, weights);
  while (missing < 0) {
    --*std::max_element(weights.begin(), weights.end());
    ++missing;
  }
}

}  // namespace cmif::privacy
