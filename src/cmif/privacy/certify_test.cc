// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/certify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cmif/base/random.h"

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

constexpr auto kHalf = static_cast<uint32_t>(kRowSum / 2);

Epsilon Micro(uint64_t micro) { return Epsilon::FromMicro(micro).value(); }

// A symmetric table of two words that keeps a word with weight `stay`.
std::vector<uint32_t> TwoWords(uint32_t stay) {
  const auto leave = static_cast<uint32_t>(kRowSum - stay);
  return {stay, leave, leave, stay};
}

// The true loss in nats with 64 bits of mantissa.
long double TrueLoss(std::span<const uint32_t> weights, size_t k) {
  long double worst = 0;
  for (size_t y = 0; y < k; ++y) {
    uint32_t low = weights[y];
    uint32_t high = weights[y];
    for (size_t x = 1; x < k; ++x) {
      low = std::min(low, weights[x * k + y]);
      high = std::max(high, weights[x * k + y]);
    }
    worst = std::max(worst, std::log(static_cast<long double>(high) / low));
  }
  return worst;
}

// Rows of random positive weights of the right sum; `narrow` keeps them near
// each other.
std::vector<uint32_t> RandomTable(size_t k, bool narrow, RandomSource& random) {
  std::vector<uint32_t> weights(k * k);
  for (size_t x = 0; x < k; ++x) {
    uint64_t sum = 0;
    for (size_t y = 0; y < k; ++y) {
      const auto cell = static_cast<uint32_t>(kRowSum / k / 2);
      weights[x * k + y] = narrow ? cell + random.Next32() % (cell / 64)
                                  : 1 + random.Next32() % (2 * cell - 1);
      sum += weights[x * k + y];
    }
    weights[x * k] += static_cast<uint32_t>(kRowSum - sum);
  }
  return weights;
}

TEST(CertifyTest, UniformTablesLoseNothing) {
  EXPECT_TRUE(CertifyTable(TwoWords(kHalf), 2, Micro(1'000)));
  EXPECT_EQ(LossMicro(TwoWords(kHalf), 2), 0U);
}

TEST(CertifyTest, TheRatioIsExactToOneWeight) {
  // Largest stay with stay / (2^32 - stay) <= e: 2^32 e / (1 + e).
  const long double e = std::exp(1.0L);
  const auto stay =
      static_cast<uint32_t>(std::floor(4294967296.0L * e / (1 + e)));
  EXPECT_TRUE(CertifyTable(TwoWords(stay), 2, Micro(1'000'000)));
  const auto above = CertifyTable(TwoWords(stay + 1), 2, Micro(1'000'000));
  ASSERT_FALSE(above.has_value());
  EXPECT_EQ(above.error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(LossMicro(TwoWords(stay), 2), 1'000'000U);
  EXPECT_EQ(LossMicro(TwoWords(stay + 1), 2), 1'000'001U);
}

TEST(CertifyTest, RowSumsAndZeroWeightsAreChecked) {
  for (const int off : {-1, 1}) {
    auto weights = TwoWords(kHalf);
    weights[2] += static_cast<uint32_t>(off);
    const auto result = CertifyTable(weights, 2, Micro(1'000'000));
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("row 1"));
  }
  // 2^32 - 1 + 0: one short; and a zero in a row that sums to 2^32.
  const std::vector<uint32_t> zero = {kHalf, kHalf, 0,     kHalf, kHalf,
                                      0,     kHalf, kHalf, 0};
  const auto result = CertifyTable(zero, 3, Micro(1'000'000));
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message(), HasSubstr("zero weight"));
}

TEST(CertifyTest, WrongShapesAreRefused) {
  const std::vector<uint32_t> weights(4, kHalf);
  for (const int k : {-2, 0, 1, 3, 257}) {
    const auto result = CertifyTable(weights, k, Micro(1'000'000));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  }
  const std::vector<uint32_t> one = {0xFFFFFFFF};
  EXPECT_FALSE(CertifyTable(one, 1, Micro(1'000'000)));
}

TEST(CertifyTest, TheBoundHoldsAtBothEndsOfTheRange) {
  for (const uint64_t micro :
       {1'000ULL, 20'000ULL, 8'000'000ULL, 15'999'999ULL, 16'000'000ULL}) {
    const long double e = std::exp(static_cast<long double>(micro) / 1e6L);
    const auto stay =
        static_cast<uint32_t>(std::floor(4294967296.0L * e / (1 + e)));
    EXPECT_TRUE(CertifyTable(TwoWords(stay), 2, Micro(micro))) << micro;
    EXPECT_FALSE(CertifyTable(TwoWords(stay + 1), 2, Micro(micro))) << micro;
  }
}

TEST(CertifyTest, LossesAboveTheLimitSaturate) {
  EXPECT_EQ(LossMicro(TwoWords(0xFFFFFFFF), 2), kLossBeyondLimit);
}

// Property: passing implies that the true ratio is within e^eps; and the
// reported loss is the true one rounded up, to the rounding of long double.
TEST(CertifyTest, NeverPassesATrueRatioAboveTheBound) {
  InsecureSeededRandom random(7);
  int passed = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    const size_t k = 2 + random.Next32() % 12;
    const auto weights = RandomTable(k, trial % 2 == 0, random);
    const long double loss = TrueLoss(weights, k);
    const uint64_t micro = LossMicro(weights, static_cast<int>(k));
    if (micro == kLossBeyondLimit) {
      EXPECT_GT(loss, 16.0L);
      continue;
    }
    EXPECT_GE(static_cast<long double>(micro) / 1e6L, loss - 1e-18L);
    EXPECT_LE(static_cast<long double>(micro) / 1e6L, loss + 1.0001e-6L);
    // Around the loss, and anywhere.
    for (const uint64_t asked :
         {micro - 1, micro, micro + 1,
          uint64_t{1'000} + random.Next32() % 15'999'000U}) {
      const auto epsilon = Epsilon::FromMicro(asked);
      if (!epsilon) continue;
      const bool held =
          CertifyTable(weights, static_cast<int>(k), *epsilon).has_value();
      EXPECT_EQ(held, asked >= micro);
      if (held) {
        EXPECT_LE(loss, static_cast<long double>(asked) / 1e6L);
      }
      passed += held ? 1 : 0;
    }
  }
  EXPECT_GT(passed, 1'000);
}

TEST(CertifyTest, RatiosOfWideNumbersAreBoundedFromAbove) {
  InsecureSeededRandom random(3);
  for (int trial = 0; trial < 20'000; ++trial) {
    const uint32_t shift = random.Next32() % 90;
    const WideUint min = (WideUint{random.Next32()} + 1) << shift;
    const WideUint max =
        min + ((WideUint{random.Next32()} << shift) >> (random.Next32() % 24));
    const auto loss = static_cast<long double>(RatioLossMicro(max, min)) / 1e6L;
    const long double truth =
        std::log(static_cast<long double>(max) / static_cast<long double>(min));
    if (truth > 16) continue;
    EXPECT_GE(loss, truth - 1e-17L);
    EXPECT_LE(loss, truth + 2.1e-6L);
  }
  EXPECT_EQ(RatioLossMicro(5, 5), 0U);
  EXPECT_EQ(RatioLossMicro(4, 5), 0U);
  EXPECT_EQ(RatioLossMicro(1, 0), kLossBeyondLimit);
  EXPECT_EQ(RatioLossMicro(WideUint{1} << 120, 1), kLossBeyondLimit);
  EXPECT_EQ(RatioLossMicro(9'000'000, 1), kLossBeyondLimit);  // e^16 = 8.89e6
}

}  // namespace
}  // namespace cmif::privacy
