// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/nearest_row_attack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace cmif::eval {
namespace {

// 40 unit vectors, 9 degrees apart.
privacy::RowMatrix Circle() {
  privacy::RowMatrix rows{.rows = 40, .width = 2, .values = {}};
  for (int i = 0; i < 40; ++i) {
    rows.values.push_back(static_cast<float>(std::cos(i * M_PI / 20)));
    rows.values.push_back(static_cast<float>(std::sin(i * M_PI / 20)));
  }
  return rows;
}

TEST(NearestRowAttackTest, RawRowsAreAlwaysRecovered) {
  const std::vector<int32_t> words = {0, 7, 39, 7};
  const NearestRowResult result = AttackByNearestRow(Circle(), words, words, 2);
  EXPECT_EQ(result.trials, 4U);
  EXPECT_EQ(result.first, 4U);
  EXPECT_EQ(result.in_ten, 4U);
  EXPECT_EQ(result.first_interval.high, 1);
}

// Nearer to row 4 than row 5 is: row 4 alone (row 3 is as near); than row 7:
// rows 2 to 6; than row 12: rows -3 to 11, fifteen.
TEST(NearestRowAttackTest, OtherRowsAreRankedByCosine) {
  const std::vector<int32_t> words = {5, 7, 12};
  const std::vector<int32_t> sent = {4, 4, 4};
  const NearestRowResult result = AttackByNearestRow(Circle(), words, sent, 1);
  EXPECT_EQ(result.first, 0U);
  EXPECT_EQ(result.in_ten, 2U);
}

TEST(NearestRowAttackTest, EqualRowsCountForEachOther) {
  privacy::RowMatrix rows = Circle();
  rows.values[2] = rows.values[0];
  rows.values[3] = rows.values[1];
  const std::vector<int32_t> words = {0};
  const std::vector<int32_t> sent = {1};
  EXPECT_EQ(AttackByNearestRow(rows, words, sent, 1).first, 1U);
}

}  // namespace
}  // namespace cmif::eval
