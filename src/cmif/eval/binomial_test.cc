// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/binomial.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cmif::eval {
namespace {

// P(at least `hits` of n) and P(at most `hits` of n), summed directly.
double Upper(int hits, int n, double p) {
  double sum = 0;
  for (int i = hits; i <= n; ++i) {
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) -
                    std::lgamma(n - i + 1) + i * std::log(p) +
                    (n - i) * std::log1p(-p));
  }
  return sum;
}
double Lower(int hits, int n, double p) { return Upper(n - hits, n, 1 - p); }

TEST(BinomialTest, BoundsAreWhereTheTailIsAlpha) {
  for (const int hits : {1, 3, 17, 29}) {
    for (const double alpha : {0.001, 0.01, 0.05}) {
      const double low = ClopperPearsonLower(hits, 30, alpha);
      const double high = ClopperPearsonUpper(hits, 30, alpha);
      EXPECT_NEAR(Upper(hits, 30, low), alpha, 1e-9);
      EXPECT_NEAR(Lower(hits, 30, high), alpha, 1e-9);
    }
  }
}

// No hit: 1 - alpha^(1/n); all hits: alpha^(1/n).
TEST(BinomialTest, EndsHaveClosedForms) {
  EXPECT_EQ(ClopperPearsonLower(0, 100, 0.01), 0);
  EXPECT_NEAR(ClopperPearsonUpper(0, 100, 0.01), 1 - std::pow(0.01, 0.01),
              1e-12);
  EXPECT_NEAR(ClopperPearsonLower(100, 100, 0.01), std::pow(0.01, 0.01), 1e-12);
  EXPECT_EQ(ClopperPearsonUpper(100, 100, 0.01), 1);
}

TEST(BinomialTest, NothingIsKnownWithoutTrials) {
  EXPECT_EQ(ClopperPearsonLower(0, 0, 0.05), 0);
  EXPECT_EQ(ClopperPearsonUpper(0, 0, 0.05), 1);
}

TEST(BinomialTest, TwoSidedIsHalfAlphaOnEachSide) {
  const Interval both = ClopperPearson(12, 40, 0.05);
  EXPECT_EQ(both.low, ClopperPearsonLower(12, 40, 0.025));
  EXPECT_EQ(both.high, ClopperPearsonUpper(12, 40, 0.025));
}

// A million trials: the normal approximation is good to a percent of its width.
TEST(BinomialTest, LargeCountsAgreeWithTheNormalApproximation) {
  const Interval both = ClopperPearson(300'000, 1'000'000, 0.05);
  const double width = 1.959964 * std::sqrt(0.3 * 0.7 / 1e6);
  EXPECT_NEAR(both.low, 0.3 - width, 0.01 * width);
  EXPECT_NEAR(both.high, 0.3 + width, 0.01 * width);
}

}  // namespace
}  // namespace cmif::eval
