// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/choose_pairs.h"

#include <gtest/gtest.h>

#include "cmif/eval/testing/small_channel.h"

namespace cmif::eval {
namespace {

using testing::KrrChannel;

TEST(ChoosePairsTest, ChosenPairsAreOfOneClusterAndDistinct) {
  const privacy::Channel channel = KrrChannel(1, {4, 1, 3, 2});
  InsecureSeededRandom random(1);
  const auto pairs = ChoosePairs(DeployedRows(channel), 10, 200, 1000, random);
  EXPECT_EQ(pairs.size(), 3U + 200U);  // one cluster has one word
  for (const WordPair& pair : pairs) {
    EXPECT_NE(pair.first, pair.second);
    EXPECT_GE(channel.clustering().cluster_of(pair.first), 0);
    EXPECT_EQ(channel.clustering().cluster_of(pair.first),
              channel.clustering().cluster_of(pair.second));
  }
}

// The first is the pair of the largest loss: of two clusters where the cluster
// is hidden too, since both stages add up there.
TEST(ChoosePairsTest, TheMostPromisingPairComesFirst) {
  for (const auto adjacency : testing::kAdjacencies) {
    const privacy::Channel channel = KrrChannel(1, {4, 4, 4}, adjacency);
    InsecureSeededRandom random(1);
    const auto pairs =
        ChoosePairs(DeployedRows(channel), 4, 20, 1'000'000, random);
    ASSERT_EQ(pairs.size(),
              adjacency == privacy::Adjacency::kCluster ? 23U : 24U);
    const auto cluster_of = [&](int32_t id) {
      return channel.clustering().cluster_of(id);
    };
    EXPECT_EQ(cluster_of(pairs[0].first) != cluster_of(pairs[0].second),
              adjacency != privacy::Adjacency::kCluster);
  }
}

}  // namespace
}  // namespace cmif::eval
