// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/testing/eps.h"

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

using testing::Eps;

// Ten ids: {0..3} with different rows, {4, 5} with equal ones, {6} alone,
// {7, 8}; 9 is public.
std::shared_ptr<const Clustering> TestClustering() {
  return std::make_shared<const Clustering>(
      Clustering::Create(10, {{0, 1, 2, 3}, {4, 5}, {6}, {7, 8}}).value());
}

RowMatrix TestRows() {
  InsecureSeededRandom random(5);
  std::vector<float> raw(80);
  for (float& value : raw) value = static_cast<float>(random.Next32() >> 8);
  std::copy_n(raw.begin() + 32, 8, raw.begin() + 40);
  return CentredUnitRows(10, 8, raw, {}).value();
}

Channel TestChannel(double eps = 1) {
  return BuildChannel({.epsilon = Eps(eps)}, {.clustering = TestClustering()},
                      TestRows(), {}, 2)
      .value();
}

TEST(ChannelTest, BuildsACertifiedTablePerCluster) {
  const Channel channel = TestChannel();
  ASSERT_EQ(channel.tables().size(), 4U);
  EXPECT_LE(channel.epsilon_certified_micro(), 1'000'000U);
  EXPECT_GE(channel.epsilon_certified_micro(), 999'000U);
  EXPECT_EQ(channel.clusters_at_zero(), 1);
  EXPECT_EQ(channel.revealed_words(), 1);
  EXPECT_TRUE(channel.tables()[2].weights.empty());
  EXPECT_EQ(channel.tables()[1].loss_micro, 0U);
  EXPECT_TRUE(channel.spec().calibrate);
  EXPECT_EQ(channel.mechanism(), "rnm-laplace");
}

TEST(ChannelTest, ThreadsDoNotChangeIt) {
  const auto build = [](int threads) {
    return BuildChannel({.epsilon = Eps(3)}, {.clustering = TestClustering()},
                        TestRows(), {}, threads)
        ->ToBytes();
  };
  EXPECT_EQ(build(1), build(4));
}

TEST(ChannelTest, BuildRefusesBadInput) {
  const ChannelDomain domain{.clustering = TestClustering()};
  const auto identity = BuildChannel(
      {.mechanism = "identity", .epsilon = Eps(1)}, domain, TestRows(), {}, 1);
  EXPECT_EQ(identity.error().code(), Code::kNotFound);
  const ChannelSpec spec{.epsilon = Eps(1)};
  RowMatrix rows = TestRows();
  rows.rows = 9;
  EXPECT_EQ(BuildChannel(spec, domain, rows, {}, 1).error().code(),
            Code::kInvalidArgument);
  const std::vector<double> prior(9, 1.0);
  EXPECT_EQ(BuildChannel(spec, domain, TestRows(), prior, 1).error().code(),
            Code::kInvalidArgument);
  EXPECT_FALSE(BuildChannel(spec, {}, TestRows(), {}, 1));
  const ChannelSpec no_level{.epsilon = Eps(1),
                             .adjacency = Adjacency::kTwoLevel};
  EXPECT_FALSE(BuildChannel(no_level, domain, TestRows(), {}, 1));
}

TEST(ChannelTest, AVocabularyOfOneWordIsRefused) {
  for (const auto& clusters : {std::vector<std::vector<int32_t>>{{3}},
                               std::vector<std::vector<int32_t>>{}}) {
    const auto channel =
        BuildChannel({.epsilon = Eps(1)},
                     {.clustering = std::make_shared<const Clustering>(
                          Clustering::Create(10, clusters).value())},
                     TestRows(), {}, 1);
    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(channel.error().message(), ::testing::HasSubstr("two words"));
  }
}

TEST(ChannelTest, CreateRefusesWrongTables) {
  const Channel channel = TestChannel();
  const auto create = [&](auto edit) {
    auto tables = channel.tables();
    edit(tables);
    return Channel::Create(channel.spec(), channel.domain(), tables);
  };
  EXPECT_TRUE(create([](auto&) {}));
  EXPECT_FALSE(create([](auto& t) { t.pop_back(); }));
  EXPECT_FALSE(create([](auto& t) { t[0].weights.clear(); }));
  EXPECT_FALSE(create([](auto& t) { t[2].weights = {0xFFFFFFFF}; }));
  EXPECT_FALSE(create([](auto& t) { t[0].scale = -1; }));
  EXPECT_FALSE(create([](auto& t) { t[0].utilities.pop_back(); }));
  EXPECT_FALSE(create([](auto& t) { t[0].utilities[1] = 1.5F; }));
  const auto off = create([](auto& t) { ++t[3].weights[1]; });
  ASSERT_FALSE(off.has_value());
  EXPECT_EQ(off.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(off.error().message(), HasSubstr("cluster 3"));
  // Whatever loss the caller claims, it is computed.
  EXPECT_EQ(
      create([](auto& t) { t[0].loss_micro = 1; })->epsilon_certified_micro(),
      channel.epsilon_certified_micro());
}

TEST(ChannelTest, BytesComeBack) {
  const Channel channel = TestChannel(0.57);
  const auto copy = Channel::FromBytes(channel.ToBytes());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->ToBytes(), channel.ToBytes());
  EXPECT_EQ(copy->epsilon(), channel.epsilon());
  EXPECT_EQ(copy->epsilon_certified_micro(), channel.epsilon_certified_micro());
  EXPECT_EQ(copy->tables()[0].scale, channel.tables()[0].scale);
  EXPECT_EQ(copy->clusters_at_zero(), 1);
  EXPECT_EQ(copy->revealed_words(), 1);
}

TEST(ChannelTest, ClustersMayHaveTheirOwnEpsilon) {
  ChannelDomain domain{.clustering = TestClustering(),
                       .class_of_cluster = {0, 0, 0, 1},
                       .epsilon_micro_of_cluster = {0, 0, 0, 2'000'000}};
  const auto channel =
      BuildChannel({.epsilon = Eps(0.5)}, domain, TestRows(), {}, 1);
  ASSERT_TRUE(channel);
  EXPECT_EQ(channel->EpsilonOf(3).micro(), 2'000'000U);
  EXPECT_LE(channel->tables()[0].loss_micro, 500'000U);
  EXPECT_GE(channel->tables()[3].loss_micro, 1'998'000U);
  EXPECT_EQ(channel->epsilon_certified_micro(),
            channel->tables()[3].loss_micro);
  const auto copy = Channel::FromBytes(channel->ToBytes());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->EpsilonOf(3).micro(), 2'000'000U);
  domain.epsilon_micro_of_cluster = {0, 0, 0, 17'000'000};
  EXPECT_FALSE(BuildChannel({.epsilon = Eps(1)}, domain, TestRows(), {}, 1));
  domain.epsilon_micro_of_cluster = {0};
  EXPECT_FALSE(BuildChannel({.epsilon = Eps(1)}, domain, TestRows(), {}, 1));
}

TEST(ChannelTest, EveryTruncationIsRefused) {
  auto bytes = TestChannel().ToBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Channel::FromBytes(std::span(bytes).first(size)));
  }
  bytes.push_back(0);
  EXPECT_FALSE(Channel::FromBytes(bytes));
}

TEST(ChannelTest, ALabelBelowTheLossIsRefused) {
  // Offset 12: the epsilon, after magic and version.
  auto bytes = TestChannel().ToBytes();
  const uint64_t label = 998'000;
  std::memcpy(&bytes[12], &label, sizeof(label));
  const auto channel = Channel::FromBytes(bytes);
  ASSERT_FALSE(channel.has_value());
  EXPECT_EQ(channel.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(channel.error().message(), HasSubstr("loses more than"));
}

// Whatever edit, what loads is certified (an edit may be harmless: a scale).
TEST(ChannelTest, EditedBytesNeverLoadUncertified) {
  const auto bytes = TestChannel().ToBytes();
  InsecureSeededRandom random(9);
  for (int trial = 0; trial < 20'000; ++trial) {
    auto edited = bytes;
    for (uint32_t i = 0; i <= random.Next32() % 3; ++i) {
      edited[random.Next32() % edited.size()] =
          static_cast<uint8_t>(random.Next32());
    }
    const auto channel = Channel::FromBytes(edited);
    if (!channel) continue;
    EXPECT_EQ(channel->ToBytes(), edited);
    for (size_t c = 0; c < channel->tables().size(); ++c) {
      const ClusterTable& table = channel->tables()[c];
      const auto k = channel->clustering().clusters()[c].size();
      EXPECT_LE(table.loss_micro, channel->EpsilonOf(c).micro());
      if (k == 1) continue;
      EXPECT_TRUE(CertifyTable(table.weights, static_cast<int>(k),
                               channel->EpsilonOf(c)));
    }
  }
}

TEST(ChannelTest, ProgressEndsAtOne) {
  double last = 0;
  ASSERT_TRUE(BuildChannel({.epsilon = Eps(1)},
                           {.clustering = TestClustering()}, TestRows(), {}, 1,
                           [&](double share) {
                             EXPECT_GE(share, last);
                             last = share;
                           }));
  EXPECT_EQ(last, 1.0);
}

}  // namespace
}  // namespace cmif::privacy
