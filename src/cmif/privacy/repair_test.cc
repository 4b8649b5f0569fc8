// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/repair.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace cmif::privacy {
namespace {

// Unit vectors at these angles.
RowMatrix Angles(const std::vector<double>& degrees) {
  RowMatrix rows{static_cast<int>(degrees.size()), 2, {}};
  for (const double d : degrees) {
    rows.values.push_back(static_cast<float>(std::cos(d * 0.0174533)));
    rows.values.push_back(static_cast<float>(std::sin(d * 0.0174533)));
  }
  return rows;
}

TEST(RepairTest, LargeEnoughClustersStayAsTheyAre) {
  const RowMatrix rows = Angles({0, 10, 20, 90, 100, 110});
  const Clusters clusters = {{4, 3}, {1, 0, 5, 2}};  // even unsorted
  EXPECT_EQ(RepairSmall(rows, 4, clusters), clusters);
}

TEST(RepairTest, ASmallClusterJoinsTheNearest) {
  const RowMatrix rows = Angles({0, 10, 90, 100, 85});
  EXPECT_EQ(RepairSmall(rows, 4, {{4}, {0, 1}, {2, 3}}),
            (Clusters{{0, 1}, {2, 3, 4}}));
}

TEST(RepairTest, WhatIsThenTooLargeIsSplitEvenly) {
  // 20 joins {0, 10, 100, 110}: five in two parts of up to 4 around 0 and 100.
  const RowMatrix rows = Angles({0, 10, 100, 110, 20});
  EXPECT_EQ(RepairSmall(rows, 4, {{0, 1, 2, 3}, {4}}),
            (Clusters{{0, 1, 4}, {2, 3}}));
}

TEST(RepairTest, AClassSmallerThanTheLeastBecomesOneCluster) {
  const RowMatrix rows = Angles({0, 50, 100, 150, 200});
  EXPECT_EQ(RepairSmall(rows, 20, {{0}, {1}, {2}, {3}, {4}}),
            (Clusters{{0, 1, 2, 3, 4}}));
}

TEST(RepairTest, NothingAndOneWordStay) {
  const RowMatrix rows = Angles({0});
  EXPECT_EQ(RepairSmall(rows, 20, {}), Clusters{});
  EXPECT_EQ(RepairSmall(rows, 20, {{0}}), (Clusters{{0}}));
}

TEST(RepairTest, ZeroRowsAreAccepted) {
  RowMatrix rows{30, 3, std::vector<float>(90, 0.0F)};
  std::vector<int32_t> many(25);
  std::iota(many.begin(), many.end(), 0);
  const Clusters repaired = RepairSmall(rows, 20, {many, {25, 26, 27, 28, 29}});
  EXPECT_EQ(repaired.size(), 2U);
  EXPECT_EQ(repaired[0].size() + repaired[1].size(), 30U);
}

}  // namespace
}  // namespace cmif::privacy
