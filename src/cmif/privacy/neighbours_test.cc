// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/rnm_gumbel.h"
#include "cmif/privacy/score_kernel.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/testing/random_rows.h"

namespace cmif::privacy {
namespace {

using testing::Eps;

// Ids 0 to 4 at these angles; id 5 public; id 6 alone in its class.
RowMatrix Rows() {
  RowMatrix rows{7, 2, {}};
  for (const double degrees : {0, 10, 25, 90, 100, 0, 0}) {
    rows.values.push_back(static_cast<float>(std::cos(degrees * 0.0174533)));
    rows.values.push_back(static_cast<float>(std::sin(degrees * 0.0174533)));
  }
  return rows;
}
const std::vector<int32_t> kClasses = {0, 0, 0, 0, 0, -1, 3};

UncheckedNeighbours Make(int size) {
  return UncheckedNeighbours::Create(Rows(), kClasses, size, 2).value();
}

std::vector<int32_t> ListOf(const UncheckedNeighbours& lists, int32_t id) {
  return {lists.List(id).begin(), lists.List(id).end()};
}

TEST(NeighboursTest, EachWordHasItsOwnNearest) {
  const UncheckedNeighbours lists = Make(3);
  EXPECT_EQ(ListOf(lists, 0), (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(ListOf(lists, 2), (std::vector<int32_t>{2, 1, 0}));
  EXPECT_EQ(ListOf(lists, 3), (std::vector<int32_t>{3, 4, 2}));
  EXPECT_EQ(ListOf(lists, 6), (std::vector<int32_t>{6}));
  EXPECT_TRUE(lists.List(5).empty());
  EXPECT_TRUE(lists.List(-1).empty());
  EXPECT_TRUE(lists.List(7).empty());
}

// A class that takes several tiles of the kernel, against the plain rule.
TEST(NeighboursTest, ListsAreTheNearestOfABruteForceSearch) {
  constexpr int kRows = 100;
  constexpr size_t kSize = 7;
  const RowMatrix rows = RandomRows(kRows, 6, 3);
  const auto lists = UncheckedNeighbours::Create(
                         rows, std::vector<int32_t>(kRows, 0), kSize, 2)
                         .value();
  for (int32_t x = 0; x < kRows; ++x) {
    std::vector<std::pair<float, int32_t>> all;
    for (int32_t y = 0; y < kRows; ++y) {
      if (y != x) all.emplace_back(-DotPlain(rows.Row(x), rows.Row(y)), y);
    }
    std::ranges::sort(all);
    std::vector<int32_t> wanted = {x};
    for (size_t i = 0; i + 1 < kSize; ++i) wanted.push_back(all[i].second);
    EXPECT_EQ(ListOf(lists, x), wanted);
    EXPECT_NEAR(lists.Cosines(x)[1], -all[0].first, 1e-6);
  }
}

TEST(NeighboursTest, UtilitiesAreTheCosinesNormalised) {
  const UncheckedNeighbours lists = Make(3);
  const double near = std::cos(10 * 0.0174533);
  const double far = std::cos(25 * 0.0174533);
  EXPECT_NEAR(lists.Cosines(0)[1], near, 1e-6);
  EXPECT_EQ(lists.Utilities(0)[0], 1);
  EXPECT_NEAR(lists.Utilities(0)[1], (near - far) / (1 - far), 1e-6);
  EXPECT_EQ(lists.Utilities(0)[2], 0);
  EXPECT_TRUE(lists.Utilities(5).empty());
}

TEST(NeighboursTest, WeightsAreThoseOfTheTextbookScale) {
  const UncheckedNeighbours lists = Make(4);
  const RnmGumbel gumbel;
  for (int32_t id = 0; id < 5; ++id) {
    const auto weights = lists.Weights(id, gumbel, Eps(2));
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), uint64_t{0}),
              kRowSum);
    EXPECT_TRUE(std::is_sorted(weights.rbegin(), weights.rend()));
    // Soft-max of eps u / 2: the ends of the list are a factor of e apart.
    EXPECT_NEAR(static_cast<double>(weights[0]) / weights[3], std::exp(1),
                1e-6);
  }
  EXPECT_TRUE(lists.Weights(5, gumbel, Eps(2)).empty());
  EXPECT_TRUE(lists.Weights(6, gumbel, Eps(2)).empty());
}

TEST(NeighboursTest, ListsAreNoPartition) {
  const UncheckedNeighbours lists = Make(3);
  EXPECT_EQ(lists.Pairs(), 5U * 2);
  // 2 is in the lists of 3 and 4, and has room for 0 and 1 alone; 0, 1, 2 and
  // 3, 4 hold each other.
  EXPECT_EQ(lists.OneWayPairs(), 2U);
  EXPECT_EQ(Make(5).OneWayPairs(), 0U);  // whole classes are one
}

TEST(NeighboursTest, TheNumberOfThreadsChangesNothing) {
  const auto one = UncheckedNeighbours::Create(Rows(), kClasses, 3, 1).value();
  const UncheckedNeighbours two = Make(3);
  for (int32_t id = 0; id < 7; ++id) {
    EXPECT_EQ(ListOf(one, id), ListOf(two, id));
  }
}

TEST(NeighboursTest, BadArgumentsAreRefused) {
  for (const int size : {-1, 0, 1, 257}) {
    EXPECT_FALSE(UncheckedNeighbours::Create(Rows(), kClasses, size, 1));
  }
  const std::vector<int32_t> short_classes(6, 0);
  EXPECT_FALSE(UncheckedNeighbours::Create(Rows(), short_classes, 3, 1));
}

}  // namespace
}  // namespace cmif::privacy
