// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/black_box.h"

#include <gtest/gtest.h>

#include "cmif/eval/choose_pairs.h"
#include "cmif/eval/testing/small_channel.h"
#include "cmif/privacy/sampler.h"

namespace cmif::eval {
namespace {

using testing::KrrChannel;

DrawFn DrawsOf(const privacy::Sampler& sampler) {
  return [&sampler](int32_t id, RandomSource& random) {
    return sampler.Draw(id, random);
  };
}

class BlackBoxPowerTest : public ::testing::TestWithParam<double> {};

// The figure: 10^6 draws an input reach 0.9 eps* and do not exceed it
// (at a fixed seed; alpha 0.01).
TEST_P(BlackBoxPowerTest, AMillionDrawsReachNineTenths) {
  const double eps = GetParam();
  const privacy::Channel channel = KrrChannel(eps, {20, 20});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const std::vector<WordPair> pairs = {{0, 1}, {25, 39}};
  const BlackBoxAudit audit =
      AuditByDraws(DeployedRows(channel), DrawsOf(sampler), pairs, {}).value();
  EXPECT_GE(audit.epsilon_lower, 0.9 * eps);
  EXPECT_LE(audit.epsilon_lower, eps);
  EXPECT_EQ(audit.outside_group, 0U);
  EXPECT_FALSE(audit.Refutes(eps));
}
INSTANTIATE_TEST_SUITE_P(Epsilons, BlackBoxPowerTest,
                         ::testing::Values(0.5, 1, 3, 10));

// 300 audits at alpha 0.1, 400 draws each: a bound above eps* has probability
// at most 0.1, and more than 57 of 300 at most 1e-6 (binomial tail).
TEST(BlackBoxTest, BoundsExceedTheTruthRarely) {
  const privacy::Channel channel = KrrChannel(1, {5});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const std::vector<WordPair> pairs = {{0, 1}, {2, 3}};
  int above = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const BlackBoxAudit audit =
        AuditByDraws(DeployedRows(channel), DrawsOf(sampler), pairs,
                     {.draws = 400, .alpha = 0.1, .insecure_seed = seed})
            .value();
    above += audit.Refutes(1) ? 1 : 0;
  }
  EXPECT_LE(above, 57);
}

TEST(BlackBoxTest, ASamplerOfALargerEpsilonIsCaught) {
  const privacy::Channel claimed = KrrChannel(1, {8});
  const privacy::Channel deployed = KrrChannel(1.2, {8});
  const auto sampler = privacy::Sampler::Create(deployed).value();
  const std::vector<WordPair> pairs = {{0, 1}, {4, 5}, {6, 2}};
  const BlackBoxAudit audit =
      AuditByDraws(DeployedRows(claimed), DrawsOf(sampler), pairs, {}).value();
  EXPECT_TRUE(audit.Refutes(claimed.epsilon().value()));
}

// Broken: one draw in ten forgets the channel.
TEST(BlackBoxTest, ASamplerThatSometimesKeepsTheWordIsCaught) {
  const privacy::Channel channel = KrrChannel(1, {8});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const DrawFn broken = [&](int32_t id, RandomSource& random) {
    return random.Next32() % 10 == 0 ? id : sampler.Draw(id, random);
  };
  const std::vector<WordPair> pairs = {{0, 1}};
  const BlackBoxAudit audit =
      AuditByDraws(DeployedRows(channel), broken, pairs, {.draws = 100'000})
          .value();
  EXPECT_TRUE(audit.Refutes(1));
}

// Broken: one word never becomes one other: an event of probability zero
// under one input only. Found whichever way round the pair is given.
TEST(BlackBoxTest, AnOutputThatOneWordNeverHasIsCaught) {
  const privacy::Channel channel = KrrChannel(1, {4});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const DrawFn broken = [&](int32_t id, RandomSource& random) {
    const int32_t output = sampler.Draw(id, random);
    return id == 1 && output == 2 ? 3 : output;
  };
  for (const WordPair pair : {WordPair{0, 1}, WordPair{1, 0}}) {
    const BlackBoxAudit audit = AuditByDraws(DeployedRows(channel), broken,
                                             {&pair, 1}, {.draws = 20'000})
                                    .value();
    EXPECT_TRUE(audit.Refutes(1));
    EXPECT_EQ(audit.pairs[0].pair.first, 0);
  }
}

// Both stages: a pair of two clusters reaches nine tenths of what is certified
// for the whole class, and a sampler that forgets the first stage is caught.
TEST(BlackBoxTest, PairsOfAClassAreAuditedToo) {
  const privacy::Channel channel =
      KrrChannel(1, {4, 4, 4}, privacy::Adjacency::kTwoLevel, 1);
  const DeployedRows rows(channel);
  const auto sampler = privacy::Sampler::Create(channel).value();
  InsecureSeededRandom random(2);
  const auto pairs = ChoosePairs(rows, 4, 4, 1'000'000, random);
  const double certified =
      static_cast<double>(channel.epsilon_certified_micro()) / 1e6;
  const auto audit = AuditByDraws(rows, DrawsOf(sampler), pairs, {}).value();
  EXPECT_GE(audit.epsilon_lower, 0.9 * certified);
  EXPECT_FALSE(audit.Refutes(certified));
  EXPECT_NE(channel.clustering().cluster_of(pairs[0].first),
            channel.clustering().cluster_of(pairs[0].second));
  const privacy::Channel tables = KrrChannel(1, {4, 4, 4});
  const auto broken = privacy::Sampler::Create(tables).value();
  EXPECT_TRUE(AuditByDraws(rows, DrawsOf(broken), pairs, {.draws = 10'000})
                  ->Refutes(certified));
}

TEST(BlackBoxTest, DrawsOutsideOfTheClusterRefuteAnyEpsilon) {
  const privacy::Channel channel = KrrChannel(1, {4, 4});
  const DrawFn broken = [](int32_t, RandomSource& random) {
    return static_cast<int32_t>(random.Next32() % 10);
  };
  const std::vector<WordPair> pairs = {{0, 1}};
  const BlackBoxAudit audit =
      AuditByDraws(DeployedRows(channel), broken, pairs, {.draws = 1000})
          .value();
  EXPECT_GT(audit.outside_group, 0U);
  EXPECT_TRUE(audit.Refutes(16));
}

TEST(BlackBoxTest, BadInputIsRefused) {
  const privacy::Channel channel = KrrChannel(1, {4, 4});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const auto audit = [&](const std::vector<WordPair>& pairs,
                         const BlackBoxOptions& options) {
    return AuditByDraws(DeployedRows(channel), DrawsOf(sampler), pairs, options)
        .has_value();
  };
  const BlackBoxOptions few{.draws = 100};
  EXPECT_TRUE(audit({{0, 1}}, few));
  EXPECT_FALSE(audit({}, few));
  EXPECT_FALSE(audit({{0, 0}}, few));
  EXPECT_FALSE(audit({{0, 4}}, few));  // two clusters
  EXPECT_FALSE(audit({{8, 9}}, few));  // public
  EXPECT_FALSE(audit({{-1, 0}}, few));
  EXPECT_FALSE(audit({{0, 1}}, {.draws = 99}));
  for (const double alpha : {0.0, 1.0, -1.0, std::nan("")}) {
    EXPECT_FALSE(audit({{0, 1}}, {.draws = 100, .alpha = alpha}));
  }
}

}  // namespace
}  // namespace cmif::eval
