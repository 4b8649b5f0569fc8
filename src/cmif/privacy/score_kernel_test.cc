// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/score_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cmif/base/random.h"

namespace cmif::privacy {
namespace {

std::vector<float> RandomValues(size_t count, RandomSource& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.Next32() / 2147483648.0 - 1);
  }
  return values;
}

struct Problem {
  std::vector<float> rows;
  std::vector<const float*> pointers;
  PackedColumns columns;
};

Problem MakeProblem(size_t rows, size_t columns, size_t width,
                    RandomSource& random) {
  Problem problem{
      RandomValues(rows * width, random), {}, PackedColumns(columns, width)};
  for (size_t r = 0; r < rows; ++r) {
    problem.pointers.push_back(problem.rows.data() + r * width);
  }
  for (size_t c = 0; c < columns; ++c) {
    problem.columns.Set(c, RandomValues(width, random));
  }
  return problem;
}

// Sums of n products of [-1, 1] in two orders differ by at most n eps |sum|.
TEST(ScoreKernelTest, AgreesWithThePlainTwin) {
  InsecureSeededRandom random(41);
  for (int trial = 0; trial < 60; ++trial) {
    const size_t rows = random.Next32() % 20;
    const size_t columns = 1 + random.Next32() % 70;
    const size_t width = 1 + random.Next32() % 90;
    const Problem problem = MakeProblem(rows, columns, width, random);
    std::vector<float> fast(rows * problem.columns.padded_columns());
    std::vector<float> plain(fast.size());
    ScoreRows(problem.pointers, problem.columns, fast);
    ScoreRowsPlain(problem.pointers, problem.columns, plain);
    for (size_t i = 0; i < fast.size(); ++i) {
      ASSERT_NEAR(fast[i], plain[i], 1e-5 * std::sqrt(width));
    }
  }
}

TEST(ScoreKernelTest, GroupingRowsChangesNothing) {
  InsecureSeededRandom random(42);
  const Problem problem = MakeProblem(17, 40, 33, random);
  const size_t stride = problem.columns.padded_columns();
  EXPECT_EQ(stride, 64U);
  std::vector<float> together(17 * stride);
  ScoreRows(problem.pointers, problem.columns, together);
  for (size_t r = 0; r < 17; ++r) {
    std::vector<float> alone(stride);
    ScoreRows(std::span(problem.pointers).subspan(r, 1), problem.columns,
              alone);
    EXPECT_TRUE(
        std::equal(alone.begin(), alone.end(),
                   together.begin() + static_cast<std::ptrdiff_t>(r * stride)));
  }
}

TEST(ScoreKernelTest, DotAgreesWithThePlainTwin) {
  InsecureSeededRandom random(43);
  for (size_t width = 0; width < 200; ++width) {
    const auto a = RandomValues(width, random);
    const auto b = RandomValues(width, random);
    EXPECT_NEAR(Dot(a, b), DotPlain(a, b), 1e-4);
  }
}

}  // namespace
}  // namespace cmif::privacy
