// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/neighbours.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

Epsilon Eps(double value) { return Epsilon::Create(value).value(); }

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

Result<UncheckedNeighbours> Make(int size, std::string_view mechanism) {
  return UncheckedNeighbours::Create(Rows(), kClasses, size, mechanism, Eps(2),
                                     2);
}

std::vector<int32_t> ListOf(const UncheckedNeighbours& lists, int32_t id) {
  return {lists.List(id).begin(), lists.List(id).end()};
}

TEST(NeighboursTest, EachWordHasItsOwnNearest) {
  const auto lists = Make(3, "rnm-laplace").value();
  EXPECT_EQ(ListOf(lists, 0), (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(ListOf(lists, 2), (std::vector<int32_t>{2, 1, 0}));
  EXPECT_EQ(ListOf(lists, 3), (std::vector<int32_t>{3, 4, 2}));
  EXPECT_EQ(ListOf(lists, 6), (std::vector<int32_t>{6}));
  EXPECT_TRUE(lists.List(5).empty());
  EXPECT_TRUE(lists.List(-1).empty());
  EXPECT_TRUE(lists.List(7).empty());
}

TEST(NeighboursTest, WeightsSumToTheRowAndFollowTheCosine) {
  const auto lists = Make(4, "rnm-laplace").value();
  for (int32_t id = 0; id < 5; ++id) {
    const auto weights = lists.Weights(id);
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), uint64_t{0}),
              kRowSum);
    EXPECT_TRUE(std::is_sorted(weights.rbegin(), weights.rend()));
  }
}

TEST(NeighboursTest, DrawsFollowTheWeights) {
  const auto lists = Make(3, "rnm-laplace").value();
  InsecureSeededRandom random(1);
  constexpr int kDraws = 40'000;
  int own = 0;
  for (int i = 0; i < kDraws; ++i) own += lists.Draw(0, random) == 0 ? 1 : 0;
  const double p = lists.Weights(0)[0] / 4294967296.0;
  // 5 sigma: a false alarm in 1.7 million.
  EXPECT_NEAR(own, kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)));
}

TEST(NeighboursTest, PublicWordsAndLoneOnesStay) {
  const auto lists = Make(3, "rnm-laplace").value();
  InsecureSeededRandom random(2);
  for (const int32_t id : {-1, 5, 6, 99}) EXPECT_EQ(lists.Draw(id, random), id);
}

TEST(NeighboursTest, ListsAreNoPartition) {
  // 2 is in the list of 3, but 3 is not in that of 2.
  EXPECT_GT(Make(3, "rnm-laplace")->OneWayPairs(), 0U);
  // Whole classes are one.
  EXPECT_EQ(Make(5, "rnm-laplace")->OneWayPairs(), 0U);
}

TEST(NeighboursTest, BadArgumentsAreRefused) {
  for (const int size : {-1, 0, 1, 257}) {
    EXPECT_FALSE(Make(size, "rnm-laplace"));
  }
  for (const char* mechanism : {"", "identity", "nonsense"}) {
    EXPECT_FALSE(Make(3, mechanism));
  }
  const std::vector<int32_t> short_classes(6, 0);
  EXPECT_FALSE(UncheckedNeighbours::Create(Rows(), short_classes, 3,
                                           "rnm-laplace", Eps(1), 1));
}

}  // namespace
}  // namespace cmif::privacy
