// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rounding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

std::vector<uint32_t> Round(const std::vector<double>& probabilities) {
  std::vector<uint32_t> weights(probabilities.size());
  RoundToWeights(probabilities, weights);
  return weights;
}

TEST(RoundingTest, LargestRemaindersGetTheRest) {
  // 2^32 / 3 = 1431655765.33: one unit is left, for the first.
  EXPECT_EQ(Round({1, 1, 1}),
            (std::vector<uint32_t>{1431655766, 1431655765, 1431655765}));
  const double unit = 1.0 / 4294967296.0;
  EXPECT_EQ(Round({10.2 * unit, 20.7 * unit, 1 - 30.9 * unit})[1], 21U);
}

TEST(RoundingTest, NothingIsImpossible) {
  EXPECT_EQ(Round({1, 0}), (std::vector<uint32_t>{0xFFFFFFFF, 1}));
  EXPECT_EQ(Round({0, 1e-30, 1}), (std::vector<uint32_t>{1, 1, 0xFFFFFFFE}));
  std::vector<double> last(256, 0.0);
  last[255] = 1;
  EXPECT_EQ(Round(last)[255], 0xFFFFFFFFU - 254);
}

TEST(RoundingTest, EveryRowSumsTo32Bits) {
  InsecureSeededRandom random(3);
  for (int trial = 0; trial < 3'000; ++trial) {
    std::vector<double> p(2 + random.Next32() % 255);
    const double sharpness = random.Next32() % 60;
    for (double& value : p) {
      value = std::exp(-sharpness * random.Next32() / 4294967296.0);
    }
    const double total = std::accumulate(p.begin(), p.end(), 0.0);
    const auto weights = Round(p);
    uint64_t sum = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      sum += weights[i];
      ASSERT_GE(weights[i], 1U);
      ASSERT_NEAR(weights[i], p[i] / total * 4294967296.0, 256.0);
    }
    ASSERT_EQ(sum, kRowSum);
  }
}

}  // namespace
}  // namespace cmif::privacy
