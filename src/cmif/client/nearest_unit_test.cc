// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/nearest_unit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "cmif/privacy/testing/random_rows.h"

namespace cmif::client {
namespace {

using privacy::RandomRows;

std::vector<int32_t> Evens(int rows) {
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < rows; id += 2) ids.push_back(id);
  return ids;
}

// Cosine in double of a row with the mean of the rows `ids`.
double Cosine(const privacy::RowMatrix& rows, int32_t candidate,
              std::span<const int32_t> ids) {
  double dot = 0;
  double norm = 0;
  for (int j = 0; j < rows.width; ++j) {
    const auto column = static_cast<size_t>(j);
    double sum = 0;
    for (const int32_t id : ids) sum += rows.Row(id)[column];
    dot += sum * rows.Row(candidate)[column];
    norm += sum * sum;
  }
  return dot / std::sqrt(norm);
}

TEST(DotProductsTest, SimdIsTheScalar) {
  std::mt19937_64 engine(1);
  // As large as products of unit vectors may get: no sum leaves 32 bits.
  std::uniform_int_distribution<int> value(-1500, 1500);
  for (const size_t width : {64U, 128U, 384U, 576U}) {
    for (const size_t count : {1U, 2U, 7U, 100U}) {
      std::vector<int16_t> rows(width * count);
      std::vector<int16_t> query(width);
      for (int16_t& v : rows) v = static_cast<int16_t>(value(engine));
      for (int16_t& v : query) v = static_cast<int16_t>(value(engine));
      std::vector<int32_t> simd(count);
      std::vector<int32_t> scalar(count);
      DotProducts(rows, query, simd);
      DotProductsScalar(rows, query, scalar);
      ASSERT_EQ(simd, scalar) << width << " x " << count;
    }
  }
}

TEST(DotProductsTest, ExtremesDoNotOverflow) {
  std::vector<int16_t> rows(128);
  std::vector<int16_t> query(64);
  rows[0] = rows[127] = query[0] = 32000;
  query[63] = -32000;
  std::vector<int32_t> out(2);
  DotProducts(rows, query, out);
  EXPECT_EQ(out, (std::vector<int32_t>{1'024'000'000, -1'024'000'000}));
}

TEST(NearestUnitTest, FindsWhatABruteForceSearchFinds) {
  for (const int width : {3, 64, 100, 384}) {
    const auto rows = RandomRows(300, width, 7);
    const auto candidates = Evens(300);
    const NearestUnit nearest(rows, candidates);
    for (int32_t i = 1; i + 6 < 300; i += 6) {
      const std::vector<int32_t> ids = {i, i + 2, i + 6};
      double best = -2;
      for (const int32_t id : candidates) {
        best = std::max(best, Cosine(rows, id, ids));
      }
      const int32_t found = nearest.Find(ids);
      // 16-bit rounding: 0.5 / 32000 a value, both sides, width values.
      const double slack = 2.0 * std::sqrt(width) / 32000;
      ASSERT_GE(Cosine(rows, found, ids), best - slack) << width;
      ASSERT_EQ(found % 2, 0);
    }
  }
}

TEST(NearestUnitTest, AUnitIsNearestToItself) {
  const auto rows = RandomRows(200, 64, 3);
  const NearestUnit nearest(rows, Evens(200));
  for (int32_t id = 0; id < 200; id += 2) {
    EXPECT_EQ(nearest.Find(std::vector<int32_t>{id}), id);
  }
}

TEST(NearestUnitTest, NothingGivesTheCentralUnit) {
  const auto rows = RandomRows(200, 64, 3);
  const NearestUnit nearest(rows, Evens(200));
  EXPECT_EQ(nearest.Find({}), nearest.central());
  EXPECT_EQ(nearest.central() % 2, 0);
}

TEST(NearestUnitTest, AMeanOfZeroGivesTheCentralUnit) {
  privacy::RowMatrix rows{.rows = 4, .width = 2, .values = {}};
  rows.values = {1, 0, -1, 0, 0, 1, 0, 1};
  const NearestUnit nearest(rows, std::vector<int32_t>{2, 3});
  EXPECT_EQ(nearest.Find(std::vector<int32_t>{0, 1}), nearest.central());
}

TEST(NearestUnitTest, TiesGoToTheLowestId) {
  privacy::RowMatrix rows{.rows = 4, .width = 2, .values = {}};
  rows.values = {1, 0, 0, 1, 0, 1, 0, 1};
  const NearestUnit nearest(rows, std::vector<int32_t>{0, 2, 3});
  EXPECT_EQ(nearest.Find(std::vector<int32_t>{1}), 2);
  EXPECT_EQ(nearest.Find(std::vector<int32_t>{3}), 2);
}

TEST(NearestUnitTest, OneCandidateIsAlwaysFound) {
  const auto rows = RandomRows(20, 8, 3);
  const NearestUnit nearest(rows, std::vector<int32_t>{5});
  EXPECT_EQ(nearest.central(), 5);
  EXPECT_EQ(nearest.Find(std::vector<int32_t>{1, 2, 3}), 5);
}

}  // namespace
}  // namespace cmif::client
