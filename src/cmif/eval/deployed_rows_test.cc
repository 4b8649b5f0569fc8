// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/deployed_rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cmif/eval/testing/small_channel.h"
#include "cmif/privacy/sampler.h"

namespace cmif::eval {
namespace {

using privacy::Adjacency;
using testing::RandomChannel;

class DeployedRowsTest : public ::testing::TestWithParam<Adjacency> {};
INSTANTIATE_TEST_SUITE_P(All, DeployedRowsTest,
                         ::testing::ValuesIn(testing::kAdjacencies));

TEST_P(DeployedRowsTest, RowsSumToOneOverTheGroup) {
  const privacy::Channel channel = RandomChannel(GetParam());
  const DeployedRows rows(channel);
  for (const Group& group : rows.groups()) {
    for (const int32_t x : rows.WordsOf(group)) {
      double sum = 0;
      for (const int32_t y : rows.WordsOf(group)) sum += rows.Probability(y, x);
      EXPECT_NEAR(sum, 1, 1e-12) << x;
    }
  }
}

// Against the sampler itself: 50,000 draws of each word, each count within 5.5
// standard deviations (a false alarm once in about 1e5 seeds; the seed is
// fixed).
TEST_P(DeployedRowsTest, ProbabilitiesAreThoseOfTheSampler) {
  constexpr int kDraws = 50'000;
  const privacy::Channel channel = RandomChannel(GetParam());
  const DeployedRows rows(channel);
  const auto sampler = privacy::Sampler::Create(channel).value();
  InsecureSeededRandom random(3);
  for (const Group& group : rows.groups()) {
    for (const int32_t x : rows.WordsOf(group)) {
      std::vector<int> counts(
          static_cast<size_t>(channel.clustering().vocabulary_size()), 0);
      for (int i = 0; i < kDraws; ++i) {
        ++counts[static_cast<size_t>(sampler.Draw(x, random))];
      }
      int of_group = 0;
      for (const int32_t y : rows.WordsOf(group)) {
        const double p = rows.Probability(y, x);
        const int count = counts[static_cast<size_t>(y)];
        of_group += count;
        EXPECT_NEAR(count, kDraws * p, 5.5 * std::sqrt(kDraws * p * (1 - p)))
            << x << " to " << y;
      }
      EXPECT_EQ(of_group, kDraws) << x;
    }
  }
}

TEST(DeployedRowsTest, GroupsAreWhatTheAdjacencyLeavesPublic) {
  for (const Adjacency adjacency : testing::kAdjacencies) {
    const privacy::Channel channel = RandomChannel(adjacency);
    const DeployedRows rows(channel);
    const bool cluster = adjacency == Adjacency::kCluster;
    EXPECT_EQ(rows.groups().size(), cluster ? 6U : 2U);
    EXPECT_EQ(rows.groups()[0].words, cluster ? 4U : 13U);
    EXPECT_EQ(rows.GroupOf(0) == rows.GroupOf(12), !cluster);
    EXPECT_NE(rows.GroupOf(12), rows.GroupOf(13));
    EXPECT_EQ(rows.GroupOf(19), -1);  // public
    EXPECT_EQ(rows.GroupOf(-1), -1);
    double most = 0;
    for (const Group& group : rows.groups()) most = std::max(most, group.loss);
    EXPECT_EQ(most,
              static_cast<double>(channel.epsilon_certified_micro()) / 1e6);
  }
}

}  // namespace
}  // namespace cmif::eval
