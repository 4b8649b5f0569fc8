// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/word_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "cmif/base/random.h"
#include "cmif/privacy/balanced.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

RowMatrix RandomRows(int rows, uint64_t seed) {
  InsecureSeededRandom random(seed);
  std::vector<float> raw(static_cast<size_t>(rows) * 8);
  for (float& value : raw) {
    value = static_cast<float>(random.Next32() / 2147483648.0 - 1);
  }
  return CentredUnitRows(rows, 8, raw, {}).value();
}

// Random pairs of the first `ids` ids.
std::vector<IdPair> RandomPairs(size_t count, uint32_t ids, uint64_t seed) {
  InsecureSeededRandom random(seed);
  std::vector<IdPair> pairs;
  for (size_t i = 0; i < count; ++i) {
    const auto a = static_cast<int32_t>(random.Next32() % ids);
    const auto b = static_cast<int32_t>(random.Next32() % ids);
    pairs.emplace_back(a, b);
  }
  return pairs;
}

std::vector<size_t> Sizes(const Clustering& clustering) {
  std::vector<size_t> sizes;
  for (const auto& ids : clustering.clusters()) sizes.push_back(ids.size());
  return sizes;
}

TEST(WordPairsTest, SynonymsComeNearerAndOthersStay) {
  const RowMatrix rows = RandomRows(50, 1);
  const std::vector<IdPair> pairs = {{3, 4}, {4, 5}, {3, 4}, {7, 7}};
  const auto drawn = AttractSynonyms(rows, pairs).value();
  EXPECT_GT(Dot(drawn.Row(3), drawn.Row(4)), Dot(rows.Row(3), rows.Row(4)));
  EXPECT_GT(Dot(drawn.Row(4), drawn.Row(5)), Dot(rows.Row(4), rows.Row(5)));
  EXPECT_NEAR(Dot(drawn.Row(4), drawn.Row(4)), 1, 1e-5);
  for (const int32_t id : {0, 7, 49}) {
    EXPECT_TRUE(std::ranges::equal(drawn.Row(id), rows.Row(id)));
  }
}

TEST(WordPairsTest, SynonymsShareClustersMoreOften) {
  const RowMatrix rows = RandomRows(600, 2);
  const std::vector<int32_t> classes(600, 0);
  const auto pairs = RandomPairs(150, 600, 3);
  const auto before = BalancedClusters(rows, classes, {}, {}).value();
  const auto drawn = AttractSynonyms(rows, pairs).value();
  const auto after = BalancedClusters(drawn, classes, {}, {}).value();
  EXPECT_GT(PairsTogether(after, pairs), 2 * PairsTogether(before, pairs));
}

TEST(WordPairsTest, PairsTogetherCountsEachPairOnce) {
  const auto clustering = Clustering::Create(6, {{0, 1, 2}, {3, 4}}).value();
  const std::vector<IdPair> pairs = {{0, 1}, {1, 0}, {2, 2}, {0, 3},
                                     {4, 3}, {5, 5}, {5, 0}};
  EXPECT_EQ(PairsTogether(clustering, pairs), 2U);  // 0-1 and 3-4
}

TEST(WordPairsTest, AntonymsEndApartWhereTheyCan) {
  const RowMatrix rows = RandomRows(800, 4);
  std::vector<int32_t> classes(800, 0);
  std::fill_n(classes.begin() + 500, 300, 1);
  const auto pairs = RandomPairs(3'000, 800, 5);
  const auto before = BalancedClusters(rows, classes, {}, {}).value();
  ASSERT_GT(PairsTogether(before, pairs), 20U);
  const auto after = SeparateAntonyms(rows, classes, pairs, before).value();
  EXPECT_EQ(PairsTogether(after, pairs), 0U);
  EXPECT_EQ(Sizes(after), Sizes(before));
  for (const auto& ids : after.clusters()) {
    for (const int32_t id : ids) {
      EXPECT_EQ(classes[static_cast<size_t>(id)],
                classes[static_cast<size_t>(ids[0])]);
    }
  }
}

TEST(WordPairsTest, UnavoidablePairsStay) {
  // Three mutual antonyms in two clusters: one pair has to share.
  const RowMatrix rows = RandomRows(4, 6);
  const std::vector<int32_t> classes(4, 0);
  const std::vector<IdPair> pairs = {{0, 1}, {1, 2}, {0, 2}};
  const auto before = Clustering::Create(4, {{0, 1}, {2, 3}}).value();
  const auto after = SeparateAntonyms(rows, classes, pairs, before).value();
  EXPECT_EQ(PairsTogether(after, pairs), 1U);
  EXPECT_EQ(Sizes(after), Sizes(before));
}

TEST(WordPairsTest, WithoutPairsNothingChanges) {
  const RowMatrix rows = RandomRows(60, 7);
  const std::vector<int32_t> classes(60, 0);
  const auto before = BalancedClusters(rows, classes, {}, {}).value();
  EXPECT_EQ(SeparateAntonyms(rows, classes, {}, before)->clusters(),
            before.clusters());
  EXPECT_EQ(AttractSynonyms(rows, {})->values, rows.values);
}

TEST(WordPairsTest, PublicAntonymsAreLeftAlone) {
  const RowMatrix rows = RandomRows(4, 8);
  const std::vector<int32_t> classes = {-1, -1, 0, 0};
  const auto base = Clustering::Create(4, {{2, 3}}).value();
  const std::vector<IdPair> pairs = {{0, 1}, {1, 2}};
  EXPECT_EQ(SeparateAntonyms(rows, classes, pairs, base)->clusters(),
            base.clusters());
}

TEST(WordPairsTest, BadArgumentsAreRefused) {
  const RowMatrix rows = RandomRows(4, 9);
  const std::vector<int32_t> classes(4, 0);
  const auto base = Clustering::Create(4, {{0, 1}, {2, 3}}).value();
  for (const IdPair& pair : {IdPair{-1, 0}, IdPair{0, 4}}) {
    const std::vector<IdPair> pairs = {pair};
    EXPECT_FALSE(AttractSynonyms(rows, pairs));
    EXPECT_FALSE(SeparateAntonyms(rows, classes, pairs, base));
  }
  const std::vector<int32_t> three(3, 0);
  EXPECT_FALSE(SeparateAntonyms(rows, three, {}, base));
}

}  // namespace
}  // namespace cmif::privacy
