// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/dense_lu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/testing/random_utilities.h"

namespace cmif::privacy {
namespace {

TEST(DenseLuTest, SolvesRandomSystemsOfAnyRowScale) {
  InsecureSeededRandom random(61);
  for (const size_t n : {1, 2, 7, 60}) {
    DenseLu lu(n);
    lu.Clear();
    std::vector<double> expected(n);
    std::vector<double> right(n, 0.0);
    for (double& value : expected) value = RandomUnit(random) - 0.5;
    for (size_t i = 0; i < n; ++i) {
      const double scale = std::pow(10.0, static_cast<int>(i % 9) - 4);
      for (size_t j = 0; j < n; ++j) {
        const double entry = (RandomUnit(random) - 0.5) * scale;
        lu.matrix()[i * n + j] = entry;
        right[i] += entry * expected[j];
      }
    }
    ASSERT_TRUE(lu.Factor());
    lu.Solve(right);
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR(right[i], expected[i], 1e-10);
  }
}

TEST(DenseLuTest, ExchangesRows) {
  DenseLu lu(2);
  const std::vector<double> matrix = {0, 2, 3, 1};
  std::copy(matrix.begin(), matrix.end(), lu.matrix().begin());
  ASSERT_TRUE(lu.Factor());
  std::vector<double> right = {4, 5};  // 2 b = 4, 3 a + b = 5
  lu.Solve(right);
  EXPECT_DOUBLE_EQ(right[0], 1);
  EXPECT_DOUBLE_EQ(right[1], 2);
}

TEST(DenseLuTest, SingularAndInfiniteSystemsAreRefused) {
  for (const std::vector<double>& matrix : std::vector<std::vector<double>>{
           {1, 1, 1, 1}, {0, 0, 0, 1}, {HUGE_VAL, 1, 1, 1}}) {
    DenseLu lu(2);
    std::copy(matrix.begin(), matrix.end(), lu.matrix().begin());
    EXPECT_FALSE(lu.Factor());
  }
}

}  // namespace
}  // namespace cmif::privacy
