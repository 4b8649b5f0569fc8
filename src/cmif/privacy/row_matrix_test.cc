// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/row_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cmif::privacy {
namespace {

TEST(RowMatrixTest, RowsAreCentredAndOfUnitNorm) {
  // Mean (1, 1): the rows become (3, 0), (-3, 0), (0, 4), (0, -4).
  const std::vector<float> raw = {4, 1, -2, 1, 1, 5, 1, -3};
  const auto matrix = CentredUnitRows(4, 2, raw, {});
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->values, (std::vector<float>{1, 0, -1, 0, 0, 1, 0, -1}));
}

TEST(RowMatrixTest, TheMeanIsOverTheGivenIds) {
  const std::vector<float> raw = {1, 1, 3, 1, 2, 9};
  const std::vector<int32_t> ids = {0, 1};  // mean (2, 1)
  const auto matrix = CentredUnitRows(3, 2, raw, ids);
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->values, (std::vector<float>{-1, 0, 1, 0, 0, 1}));
}

TEST(RowMatrixTest, ZeroRowsAndTheMeanItselfStayZero) {
  const std::vector<float> raw = {0, 0, 2, 0, 1, 0, 1, 0};
  const auto matrix = CentredUnitRows(4, 2, raw, {});  // mean (1, 0)
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->values, (std::vector<float>{0, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(RowMatrixTest, BadInputIsRefused) {
  const std::vector<float> good = {1, 2, 3, 4};
  const std::vector<int32_t> outside = {2};
  const std::vector<int32_t> negative = {-1};
  EXPECT_FALSE(CentredUnitRows(2, 3, good, {}));
  EXPECT_FALSE(CentredUnitRows(0, 2, {}, {}));
  EXPECT_FALSE(CentredUnitRows(-2, -2, good, {}));
  EXPECT_FALSE(CentredUnitRows(2, 2, good, outside));
  EXPECT_FALSE(CentredUnitRows(2, 2, good, negative));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    std::vector<float> raw = good;
    raw[3] = bad;
    const auto matrix = CentredUnitRows(2, 2, raw, {});
    ASSERT_FALSE(matrix.has_value());
    EXPECT_EQ(matrix.error().code(), Code::kInvalidArgument);
  }
}

TEST(RowMatrixTest, HugeValuesDoNotOverflow) {
  const float huge = std::numeric_limits<float>::max();
  const std::vector<float> raw = {huge, huge, -huge, -huge};
  const auto matrix = CentredUnitRows(2, 2, raw, {});
  ASSERT_TRUE(matrix);
  EXPECT_FLOAT_EQ(matrix->values[0], std::sqrt(0.5F));
}

TEST(RowMatrixTest, MeanCosineIsOverPairsWithinClusters) {
  const RowMatrix rows{5, 2, {1, 0, 1, 0, 0, 1, -1, 0, 1, 0}};
  // {0,1,2}: means 1/2, 1/2, 0; {3,4}: -1 each; mean of 5 words.
  const auto clustering = Clustering::Create(5, {{0, 1, 2}, {3, 4}}).value();
  EXPECT_DOUBLE_EQ(MeanWithinClusterCosine(rows, clustering), -1.0 / 5);
  const auto alone = Clustering::Create(5, {{0}, {1}}).value();
  EXPECT_EQ(MeanWithinClusterCosine(rows, alone), 0.0);
}

}  // namespace
}  // namespace cmif::privacy
