// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/neighbour_sweep.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cmif/privacy/testing/random_rows.h"

namespace cmif::eval {
namespace {

// Rows at these angles, as they are: the third has room for the second alone.
privacy::RowMatrix Rows() {
  privacy::RowMatrix rows{4, 2, {}};
  for (const double degrees : {0, 10, 25, 90}) {
    rows.values.push_back(static_cast<float>(std::cos(degrees * 0.0174533)));
    rows.values.push_back(static_cast<float>(std::sin(degrees * 0.0174533)));
  }
  return rows;
}
const std::vector<int32_t> kClasses = {0, 0, 0, -1};

const SweepPoint& Named(const NeighbourSweep& sweep, const std::string& name) {
  for (const SweepPoint& point : sweep.points) {
    if (point.mechanism == name) return point;
  }
  ADD_FAILURE() << "no point " << name;
  return sweep.points.front();
}

// Lists of two: {0, 1}, {1, 0}, {2, 1}. Every row is (p, 1 - p) with
// p / (1 - p) = e^(eps / 2), the soft-max at utilities 1 and 0.
TEST(NeighbourSweepTest, FiguresOfListsOfTwo) {
  const NeighbourSweep sweep =
      SweepNeighbours(Rows(), kClasses, {.size = 2, .epsilons = {3}}).value();
  EXPECT_EQ(sweep.words, 3U);
  EXPECT_EQ(sweep.pairs, 3U);
  EXPECT_EQ(sweep.one_way_pairs, 1U);  // 2 holds 1, 1 does not hold 2
  EXPECT_EQ(sweep.points.size(), 3U);
  const SweepPoint& point = Named(sweep, "rnm-gumbel, neighbours");
  const double p = 1 / (1 + std::exp(-1.5));
  EXPECT_NEAR(point.keep, p, 1e-7);
  EXPECT_NEAR(point.mean_utility, p, 1e-7);
  const double cosines =
      2 * std::cos(10 * 0.0174533) + std::cos(15 * 0.0174533);
  EXPECT_NEAR(point.mean_cosine, p + (1 - p) * cosines / 3, 1e-6);
  EXPECT_NEAR(point.bayes_success, p, 1e-7);
}

TEST(NeighbourSweepTest, NothingIsCertified) {
  const NeighbourSweep sweep =
      SweepNeighbours(Rows(), kClasses, {.size = 2, .epsilons = {1}}).value();
  for (const SweepPoint& point : sweep.points) {
    EXPECT_TRUE(std::isinf(point.epsilon_star));
    EXPECT_TRUE(std::isinf(point.document_epsilon));
    EXPECT_TRUE(std::isinf(point.document_epsilon_mean));
    EXPECT_EQ(point.bound, 1);
  }
}

// Lists need not be of one length, and an output may be in many lists.
TEST(NeighbourSweepTest, SuccessIsAtLeastThatOfGuessingTheOutput) {
  const privacy::RowMatrix rows = privacy::RandomRows(60, 5, 4);
  std::vector<int32_t> classes(60, 0);
  for (size_t id = 50; id < 60; ++id) classes[id] = 1;
  const NeighbourSweep sweep =
      SweepNeighbours(rows, classes, {.size = 15, .epsilons = {0.5, 6}})
          .value();
  EXPECT_EQ(sweep.pairs, 50U * 14 + 10 * 9);
  EXPECT_GT(sweep.one_way_pairs, 0U);
  for (const SweepPoint& point : sweep.points) {
    EXPECT_GE(point.bayes_success, point.keep - 1e-12) << point.mechanism;
    EXPECT_LE(point.bayes_success, 1) << point.mechanism;
  }
  EXPECT_LT(sweep.points[0].mean_cosine, sweep.points[1].mean_cosine);
}

TEST(NeighbourSweepTest, BadInputIsRefused) {
  EXPECT_FALSE(SweepNeighbours(Rows(), kClasses, {.size = 1}));
  EXPECT_FALSE(SweepNeighbours(Rows(), kClasses, {.epsilons = {0}}));
  EXPECT_FALSE(SweepNeighbours(Rows(), kClasses, {.epsilons = {NAN}}));
  EXPECT_FALSE(SweepNeighbours(Rows(), std::vector<int32_t>{0}, {}));
  EXPECT_FALSE(SweepNeighbours(Rows(), std::vector<int32_t>(4, -1), {}));
}

}  // namespace
}  // namespace cmif::eval
