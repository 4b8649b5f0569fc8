// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/utilities.h"

#include <gtest/gtest.h>

namespace cmif::privacy {
namespace {

TEST(UtilitiesTest, CosinesAreNormalisedPerRow) {
  const RowMatrix rows{3, 2, {1, 0, 0.6F, 0.8F, 0, 1}};
  const std::vector<int32_t> ids = {2, 0, 1};
  const auto utilities = CosineUtilities(rows, ids);
  ASSERT_EQ(utilities.k, 3);
  // Row of id 2: cosines 1, 0, 0.8; of id 0: 0, 1, 0.6; of id 1: .8, .6, 1.
  const std::vector<double> expected = {1, 0, 0.8, 0, 1, 0.6, 0.5, 0, 1};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(utilities.values[i], expected[i], 1e-6) << i;
  }
  EXPECT_TRUE(utilities.HasSpread());
}

TEST(UtilitiesTest, RowsWithoutSpreadCountAsZero) {
  // Two equal rows, and a zero row beside a word.
  const RowMatrix rows{4, 2, {0.6F, 0.8F, 0.6F, 0.8F, 0, 0, 1, 0}};
  const std::vector<int32_t> equal = {0, 1};
  EXPECT_EQ(CosineUtilities(rows, equal).values, std::vector<double>(4, 0.0));
  EXPECT_FALSE(CosineUtilities(rows, equal).HasSpread());
  const std::vector<int32_t> zero = {2, 3};
  EXPECT_EQ(CosineUtilities(rows, zero).values,
            (std::vector<double>{0, 0, 0, 1}));
}

TEST(UtilitiesTest, EqualRowsTieExactly) {
  const RowMatrix rows{3, 3, {0.6F, 0.8F, 0, 0.6F, 0.8F, 0, 0, 0, 1}};
  const std::vector<int32_t> ids = {0, 1, 2};
  const auto utilities = CosineUtilities(rows, ids);
  EXPECT_EQ(utilities.values[0], utilities.values[1]);
  EXPECT_EQ(utilities.values[0], 1.0);
}

}  // namespace
}  // namespace cmif::privacy
