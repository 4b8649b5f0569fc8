// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/baseline.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cmif::eval {
namespace {

// Gives 0.2, 0.5, 0, 0.3 for word 0; the others are uncovered.
class FixedBaseline final : public TextSanitizerBaseline {
 public:
  std::string_view name() const override { return "fixed"; }
  std::string_view adjacency() const override { return "none"; }
  double epsilon() const override { return 1; }
  Cover CoverOf(int32_t type) const override {
    return type == 0 ? Cover::kRandomised : Cover::kNumber;
  }
  std::vector<double> Distribution(int32_t) const override {
    return {0.2, 0.5, 0, 0.3};
  }
};

// 5 standard deviations of each share: false alarms below 2e-6 in all.
TEST(BaselineTest, DrawsFollowTheDistribution) {
  InsecureSeededRandom random(3);
  constexpr int kDraws = 100000;
  std::vector<int> counts(4, 0);
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<size_t>(
        InsecureSeededDraw(FixedBaseline(), 0, random))];
  }
  const std::vector<double> wanted = FixedBaseline().Distribution(0);
  for (size_t y = 0; y < 4; ++y) {
    const double sigma = std::sqrt(kDraws * wanted[y] * (1 - wanted[y]));
    EXPECT_NEAR(counts[y], kDraws * wanted[y], 5 * sigma) << y;
  }
}

TEST(BaselineTest, EqualSeedsGiveEqualDraws) {
  InsecureSeededRandom a(9);
  InsecureSeededRandom b(9);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(InsecureSeededDraw(FixedBaseline(), 0, a),
              InsecureSeededDraw(FixedBaseline(), 0, b));
  }
}

TEST(BaselineTest, UncoveredWordsPassUnchanged) {
  InsecureSeededRandom used(9);
  InsecureSeededRandom fresh(9);
  EXPECT_EQ(InsecureSeededDraw(FixedBaseline(), 2, used), 2);
  EXPECT_EQ(InsecureSeededDraw(FixedBaseline(), -1, used), -1);
  EXPECT_EQ(used.Next32(), fresh.Next32());
}

TEST(BaselineTest, FrequencyOrderBreaksTiesById) {
  WordTypes types;
  types.rows = {.rows = 4, .width = 1, .values = {1, 1, 1, 1}};
  types.counts = {2, 5, 2, 9};
  EXPECT_EQ(ByFrequency(types), (std::vector<int32_t>{3, 1, 0, 2}));
}

}  // namespace
}  // namespace cmif::eval
