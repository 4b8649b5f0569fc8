// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/renyi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::privacy {
namespace {

// k-ary randomised response in integers: `other` off the diagonal.
std::vector<uint32_t> RandomisedResponse(size_t k, uint64_t other) {
  std::vector<uint32_t> weights(k * k, static_cast<uint32_t>(other));
  for (size_t x = 0; x < k; ++x) {
    weights[x * k + x] = static_cast<uint32_t>(kRowSum - (k - 1) * other);
  }
  return weights;
}

uint64_t OtherWeight(size_t k, double eps) {
  return static_cast<uint64_t>(4294967296.0 /
                               (std::exp(eps) + static_cast<double>(k) - 1)) +
         1;
}

// Rows of random weights with ratios up to about e^eps, row sums 2^32.
std::vector<uint32_t> RandomTable(size_t k, double eps, RandomSource& random) {
  std::vector<uint32_t> weights(k * k);
  for (size_t x = 0; x < k; ++x) {
    std::vector<double> row(k);
    double sum = 0;
    for (double& value : row) {
      value = std::exp(eps * random.Next32() / 4294967296.0);
      sum += value;
    }
    uint64_t used = 0;
    for (size_t y = 1; y < k; ++y) {
      const double share = row[y] / sum * 4294967295.0;
      weights[x * k + y] = static_cast<uint32_t>(std::max(1.0, share));
      used += weights[x * k + y];
    }
    weights[x * k] = static_cast<uint32_t>(kRowSum - used);
  }
  return weights;
}

// The definition, term by term, in long double.
long double ByDefinition(std::span<const uint32_t> weights, size_t k,
                         double order) {
  long double largest = 0;
  for (size_t x = 0; x < k; ++x) {
    for (size_t other = 0; other < k; ++other) {
      long double sum = 0;
      for (size_t y = 0; y < k; ++y) {
        const long double p = weights[x * k + y] * 0x1p-32L;
        const long double q = weights[other * k + y] * 0x1p-32L;
        sum += p * std::pow(p / q, static_cast<long double>(order) - 1);
      }
      largest = std::max(largest, std::log(sum) / (order - 1));
    }
  }
  return largest;
}

TEST(RenyiTest, RandomisedResponseHasItsClosedForm) {
  constexpr size_t kWords = 20;
  for (const double eps : {0.02, 0.5, 1.0, 3.0, 6.0, 10.0}) {
    const uint64_t other = OtherWeight(kWords, eps);
    const auto weights = RandomisedResponse(kWords, other);
    const RenyiCurve curve = TableCurve(weights, kWords);
    const long double q = static_cast<long double>(other) * 0x1p-32L;
    const long double p = 1 - (kWords - 1) * q;
    for (size_t i = 0; i < kRenyiOrders.size(); ++i) {
      const long double a = kRenyiOrders[i];
      const long double exact =
          std::log(std::pow(p, a) * std::pow(q, 1 - a) +
                   std::pow(q, a) * std::pow(p, 1 - a) + (kWords - 2) * q) /
          (a - 1);
      EXPECT_NEAR(curve[i], static_cast<double>(exact), 1e-9) << a;
      EXPECT_GE(curve[i], exact) << a;
    }
    EXPECT_NEAR(curve.back(), static_cast<double>(std::log(p / q)), 1e-12);
  }
}

TEST(RenyiTest, RandomTablesAgreeWithTheDefinitionAndAreNeverBelowIt) {
  InsecureSeededRandom random(31);
  for (const double eps : {0.001, 0.1, 1.0, 4.0, 12.0}) {
    for (const size_t k : {2U, 3U, 20U}) {
      const auto weights = RandomTable(k, eps, random);
      const RenyiCurve curve = TableCurve(weights, static_cast<int>(k));
      for (size_t i = 0; i < kRenyiOrders.size(); ++i) {
        const long double exact = ByDefinition(weights, k, kRenyiOrders[i]);
        ASSERT_GE(curve[i], exact) << kRenyiOrders[i];
        ASSERT_LE(curve[i], exact + 3 * RenyiSlack(kRenyiOrders[i]));
      }
      EXPECT_LE(curve.back() * 1e6,
                static_cast<double>(LossMicro(weights, static_cast<int>(k))));
    }
  }
}

TEST(RenyiTest, CurvesRiseToTheLossOfTheTable) {
  InsecureSeededRandom random(32);
  const auto weights = RandomTable(20, 3, random);
  const RenyiCurve curve = TableCurve(weights, 20);
  for (size_t i = 0; i + 1 < curve.size(); ++i) {
    EXPECT_LE(curve[i], curve[i + 1] + RenyiSlack(1.01));
  }
  EXPECT_GT(curve[kRenyiOrders.size() - 1], 0.9 * curve.back());
}

TEST(RenyiTest, EqualRowsLoseNothing) {
  for (const size_t k : {2U, 16U, 256U}) {
    const std::vector<uint32_t> weights(
        k * k, static_cast<uint32_t>(kRowSum / static_cast<uint64_t>(k)));
    EXPECT_EQ(TableCurve(weights, static_cast<int>(k)), RenyiCurve{});
  }
}

TEST(RenyiTest, BinaryRandomisedResponseIsTheWorstOfPureDp) {
  InsecureSeededRandom random(33);
  for (const double eps : {0.1, 1.0, 4.0, 8.0}) {
    const auto binary = RandomisedResponse(2, OtherWeight(2, eps));
    const RenyiCurve worst = PureDpCurve(LossMicro(binary, 2));
    const RenyiCurve exact = TableCurve(binary, 2);
    for (const size_t k : {3U, 20U}) {
      const auto weights = RandomTable(k, eps / 2, random);
      const RenyiCurve table = TableCurve(weights, static_cast<int>(k));
      const RenyiCurve bound =
          PureDpCurve(LossMicro(weights, static_cast<int>(k)));
      for (size_t i = 0; i < table.size(); ++i) {
        EXPECT_LE(table[i], bound[i] + RenyiSlack(1.01));
      }
    }
    // LossMicro() rounds eps up by at most a millionth.
    for (size_t i = 0; i < worst.size(); ++i) {
      EXPECT_GE(worst[i] + RenyiSlack(1.01), exact[i]);
      EXPECT_NEAR(worst[i], exact[i], 2e-6);
    }
  }
  EXPECT_EQ(PureDpCurve(0), RenyiCurve{});
}

TEST(RenyiTest, TheLargestEpsilonOverflowsNowhere) {
  const auto weights = RandomisedResponse(2, OtherWeight(2, 15.9));
  for (const RenyiCurve& curve :
       {TableCurve(weights, 2), PureDpCurve(kMaxEpsilonMicro)}) {
    for (const double value : curve) {
      EXPECT_TRUE(std::isfinite(value));
      EXPECT_LE(value, 16);
    }
    EXPECT_GT(curve[0], 15);  // keeping the word is all but certain
  }
}

TEST(RenyiTest, AClusterOfTwentyTakesAboutAMillisecond) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    !defined(__OPTIMIZE__)
  GTEST_SKIP() << "no time is measured in builds for finding faults";
#endif
  InsecureSeededRandom random(34);
  const auto weights = RandomTable(20, 1, random);
  double best = 1;  // seconds: the least of several, whatever else runs
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const RenyiCurve curve = TableCurve(weights, 20);
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    ASSERT_GT(curve.back(), 0);
    best = std::min(best, took.count());
  }
  RecordProperty("microseconds", static_cast<int>(best * 1e6));
  EXPECT_LT(best, 2e-3);
}

}  // namespace
}  // namespace cmif::privacy
