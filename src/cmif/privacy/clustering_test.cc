// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/clustering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cmif/base/random.h"

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

Clustering Example() {
  return Clustering::Create(9, {{4, 1}, {7}, {0, 8, 3}}).value();
}

TEST(ClusteringTest, KnowsWhereEachIdIs) {
  const Clustering clustering = Example();
  EXPECT_EQ(clustering.vocabulary_size(), 9);
  EXPECT_EQ(clustering.cluster_of(1), 0);
  EXPECT_EQ(clustering.position_in_cluster(1), 1);
  EXPECT_EQ(clustering.cluster_of(7), 1);
  EXPECT_EQ(clustering.position_in_cluster(3), 2);
  EXPECT_DOUBLE_EQ(clustering.ClusterBits(), 1.584962500721156);
}

TEST(ClusteringTest, OtherIdsArePublic) {
  const Clustering clustering = Example();
  for (const int32_t id : {2, 5, 6, -1, 9, 1 << 30}) {
    EXPECT_EQ(clustering.cluster_of(id), -1);
    EXPECT_EQ(clustering.position_in_cluster(id), 0);
  }
}

TEST(ClusteringTest, WithoutClustersAllIsPublic) {
  const auto clustering = Clustering::Create(3, {});
  ASSERT_TRUE(clustering);
  EXPECT_EQ(clustering->ClusterBits(), 0.0);
  EXPECT_TRUE(Clustering::FromBytes(clustering->ToBytes()));
}

TEST(ClusteringTest, BadClustersAreNamed) {
  std::vector<int32_t> large(257);
  std::iota(large.begin(), large.end(), 0);
  using Lists = std::vector<std::vector<int32_t>>;
  for (const auto& [lists, text] :
       {std::pair{Lists{{0}, {}}, "cluster 1 has 0"},
        {Lists{{0}, {1, 400}}, "cluster 1 has an id outside"},
        {Lists{{-1}}, "cluster 0 has an id outside"},
        {Lists{{0}, {1}, {0}}, "cluster 2 repeats"},
        {Lists{{2, 2}}, "cluster 0 repeats"},
        {Lists{large}, "cluster 0 has 257"}}) {
    const auto clustering = Clustering::Create(400, lists);
    ASSERT_FALSE(clustering.has_value());
    EXPECT_EQ(clustering.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(clustering.error().message(), HasSubstr(text));
  }
  EXPECT_FALSE(Clustering::Create(0, {}));
  EXPECT_FALSE(Clustering::Create(-4, {}));
  EXPECT_FALSE(Clustering::Create(kMaxVocabulary + 1, {}));
}

TEST(ClusteringTest, ALargestClusterIsPossible) {
  std::vector<int32_t> ids(256);
  std::iota(ids.begin(), ids.end(), 0);
  const auto clustering = Clustering::Create(256, {ids});
  ASSERT_TRUE(clustering);
  EXPECT_EQ(clustering->position_in_cluster(255), 255);
  EXPECT_EQ(Clustering::FromBytes(clustering->ToBytes())->clusters(),
            clustering->clusters());
}

TEST(ClusteringTest, BytesComeBack) {
  const Clustering clustering = Example();
  const auto copy = Clustering::FromBytes(clustering.ToBytes());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->clusters(), clustering.clusters());
  EXPECT_EQ(copy->vocabulary_size(), 9);
}

TEST(ClusteringTest, EveryTruncationIsRefused) {
  auto bytes = Example().ToBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Clustering::FromBytes(std::span(bytes).first(size)));
  }
  bytes.push_back(0);
  EXPECT_FALSE(Clustering::FromBytes(bytes));
}

TEST(ClusteringTest, EditedBytesNeverBreakIt) {
  const auto bytes = Example().ToBytes();
  InsecureSeededRandom random(1);
  for (int trial = 0; trial < 20'000; ++trial) {
    auto edited = bytes;
    for (uint32_t i = 0; i <= random.Next32() % 3; ++i) {
      edited[random.Next32() % edited.size()] =
          static_cast<uint8_t>(random.Next32());
    }
    const auto result = Clustering::FromBytes(edited);
    if (result) {
      EXPECT_EQ(result->ToBytes(), edited);
    } else {
      EXPECT_EQ(result.error().code(), Code::kDataLoss);
    }
  }
}

}  // namespace
}  // namespace cmif::privacy
