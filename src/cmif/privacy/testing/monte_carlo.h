// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_TESTING_MONTE_CARLO_H_
#define CMIF_PRIVACY_TESTING_MONTE_CARLO_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/scaled_mechanism.h"

namespace cmif::privacy {

// 4e6 draws of the noisy maximum itself, with `noise_of` a 32-bit word, against
// the mechanism's probabilities. Chi-square with 7 degrees of freedom is above
// 40.5 with probability 1e-6; every cell is within 4 sigma (8 cells: false
// alarm 5e-4). Fixed seed: deterministic.
inline void ExpectMonteCarlo(const ScaledMechanism& mechanism, uint64_t seed,
                             const std::function<double(uint32_t)>& noise_of) {
  const std::vector<double> utilities = {1, 0.9, 0.9, 0.7, 0.5, 0.3, 0.1, 0};
  const double scale = 0.5;
  std::vector<double> p(utilities.size());
  mechanism.Probabilities(utilities, scale, p);
  InsecureSeededRandom random(seed);
  constexpr int kDraws = 4'000'000;
  std::vector<double> counts(utilities.size(), 0.0);
  for (int draw = 0; draw < kDraws; ++draw) {
    size_t best = 0;
    double best_score = -1e9;
    for (size_t i = 0; i < utilities.size(); ++i) {
      const double score = utilities[i] + scale * noise_of(random.Next32());
      if (score > best_score) {
        best_score = score;
        best = i;
      }
    }
    ++counts[best];
  }
  double chi2 = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const double expected = p[i] * kDraws;
    chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
    EXPECT_LT(std::abs(counts[i] - expected),
              4 * std::sqrt(expected * (1 - p[i])));
  }
  EXPECT_LT(chi2, 40.5);
}

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_TESTING_MONTE_CARLO_H_
