// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/extended_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace cmif::privacy {
namespace {

// Four rows of width 1.
RowMatrix Four() { return {4, 1, {1, -1, 1, -1}}; }
const std::vector<int32_t> kAll = {0, 1, 2, 3};

double Distance2(const RowMatrix& rows, int32_t a, int32_t b) {
  double sum = 0;
  for (size_t k = 0; k < rows.Row(a).size(); ++k) {
    sum += std::pow(rows.Row(a)[k] - rows.Row(b)[k], 2);
  }
  return sum;
}

TEST(ExtendedRowsTest, TwoLabelsCountAsOneStandardisedMargin) {
  // Margins (second less first) 0, 2, 4, 6: mean 3, variance 5.
  const std::vector<float> logits = {0, 0, 5, 7, -2, 2, 1, 7};
  const auto rows = ExtendRows(Four(), logits, 2, kAll, 0.5).value();
  EXPECT_EQ(rows.width, 3);
  EXPECT_EQ(rows.Row(1)[0], -1);
  // Words 0 and 2 have equal rows: distance = weight * margin difference.
  EXPECT_NEAR(std::sqrt(Distance2(rows, 0, 2)), 0.5 * 4 / std::sqrt(5), 1e-6);
}

TEST(ExtendedRowsTest, WhatAllLabelsShareDoesNotCount) {
  const std::vector<float> logits = {0, 1, 100, 101, -7, -6, 3, 4};
  const auto rows = ExtendRows(Four(), logits, 2, kAll, 1).value();
  EXPECT_EQ(Distance2(rows, 0, 2), 0);  // and a constant label stays 0
}

TEST(ExtendedRowsTest, FarValuesAreClipped) {
  RowMatrix many{101, 1, std::vector<float>(101, 1.0F)};
  std::vector<float> logits(202, 0.0F);
  std::vector<int32_t> ids(101);
  std::iota(ids.begin(), ids.end(), 0);
  logits[0] = -1'000;  // 10 deviations out
  const auto rows = ExtendRows(many, logits, 2, ids, 1).value();
  EXPECT_NEAR(rows.Row(0)[1], -2.5 * std::sqrt(0.5), 1e-6);
}

TEST(ExtendedRowsTest, WeightZeroAddsNothing) {
  const std::vector<float> logits = {0, 0, 5, 7, -2, 2, 1, 7};
  const auto rows = ExtendRows(Four(), logits, 2, kAll, 0).value();
  EXPECT_EQ(Distance2(rows, 0, 2), 0);
}

TEST(ExtendedRowsTest, BadArgumentsAreRefused) {
  const std::vector<float> good(8, 0.0F);
  std::vector<float> bad = good;
  bad[3] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<int32_t> outside = {0, 4};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(ExtendRows(Four(), bad, 2, kAll, 1));
  EXPECT_FALSE(ExtendRows(Four(), good, 1, kAll, 1));
  EXPECT_FALSE(ExtendRows(Four(), good, 3, kAll, 1));
  EXPECT_FALSE(ExtendRows(Four(), {}, 0, kAll, 1));
  EXPECT_FALSE(ExtendRows(Four(), good, 2, {}, 1));
  EXPECT_FALSE(ExtendRows(Four(), good, 2, outside, 1));
  EXPECT_FALSE(ExtendRows(Four(), good, 2, kAll, -1));
  EXPECT_FALSE(ExtendRows(Four(), good, 2, kAll, nan));
}

}  // namespace
}  // namespace cmif::privacy
