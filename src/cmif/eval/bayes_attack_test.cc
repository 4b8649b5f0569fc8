// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/bayes_attack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cmif/eval/testing/small_channel.h"

namespace cmif::eval {
namespace {

using testing::KrrChannel;

TEST(BayesAttackTest, UniformPriorOnRandomisedResponseReachesTheBound) {
  const privacy::Channel channel = KrrChannel(1, {5});
  const auto attacker =
      BayesAttacker::Create(DeployedRows(channel), {}).value();
  const double e = std::exp(1.0);
  EXPECT_NEAR(attacker.success(), e / (e + 4), 1e-8);
  EXPECT_NEAR(PosteriorBound(0.2, 1), e / (e + 4), 1e-12);
  for (int32_t id = 0; id < 7; ++id) EXPECT_EQ(attacker.Guess(id), id);
}

// Prior 0.9 on word 0 outweighs e^1: the output does not matter.
TEST(BayesAttackTest, AStrongPriorOutweighsTheOutput) {
  const privacy::Channel channel = KrrChannel(1, {3});
  const std::vector<double> prior = {0.9, 0.05, 0.05, 0, 0};
  const auto attacker =
      BayesAttacker::Create(DeployedRows(channel), prior).value();
  for (int32_t id = 0; id < 3; ++id) EXPECT_EQ(attacker.Guess(id), 0);
  EXPECT_EQ(attacker.ByPublicAlone(0), 1);
  EXPECT_EQ(attacker.ByPublicAlone(2), 0);
  EXPECT_NEAR(attacker.success(), 0.9, 1e-12);
}

TEST(BayesAttackTest, PosteriorBoundHasItsLimits) {
  EXPECT_NEAR(PosteriorBound(0.3, 0), 0.3, 1e-15);
  EXPECT_EQ(PosteriorBound(0, 5), 0);
  EXPECT_EQ(PosteriorBound(1, 5), 1);
  EXPECT_EQ(PosteriorBound(0.05, 1e6), 1);  // e^eps does not overflow
  const double e = std::exp(2.0);
  EXPECT_NEAR(PosteriorBound(0.1, 2), 0.1 * e / (1 + 0.1 * (e - 1)), 1e-12);
}

// 5 standard deviations: a false alarm once in about 2e6 seeds.
TEST(BayesAttackTest, MeasuredSuccessIsTheExactOne) {
  const privacy::Channel channel = KrrChannel(2, {6});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const auto attacker =
      BayesAttacker::Create(DeployedRows(channel), {}).value();
  const std::vector<int32_t> words = {0, 1, 2, 3, 4, 5, 6};  // 6 is public
  InsecureSeededRandom random(4);
  const AttackResult result = AttackWords("", attacker, DeployedRows(channel),
                                          sampler, words, {}, 10000, random);
  EXPECT_EQ(result.trials, 60000U);
  const double p = attacker.success();
  EXPECT_NEAR(result.rate(), p, 5 * std::sqrt(p * (1 - p) / 60000));
  EXPECT_NEAR(result.bound, PosteriorBound(1.0 / 6, 2), 1e-5);
  EXPECT_NEAR(result.bound_of_text, result.bound, 1e-12);
  EXPECT_NEAR(result.by_public_alone, 1.0 / 6, 1e-12);
}

TEST(BayesAttackTest, RevealedWordsAreAlwaysRecovered) {
  const privacy::Channel channel = KrrChannel(1, {1, 4});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const auto attacker =
      BayesAttacker::Create(DeployedRows(channel), {}).value();
  InsecureSeededRandom random(4);
  const std::vector<int32_t> words = {0, 0};
  const AttackResult result = AttackWords("", attacker, DeployedRows(channel),
                                          sampler, words, {}, 50, random);
  EXPECT_EQ(result.hits, result.trials);
  EXPECT_EQ(result.bound, 1);
  EXPECT_NEAR(attacker.success(), 0.2 + 0.8 * PosteriorBound(0.25, 1), 1e-8);
}

TEST(BayesAttackTest, AClusterWithoutMassCountsAsUniform) {
  const privacy::Channel channel = KrrChannel(1, {2, 4});
  const std::vector<double> prior = {1, 1, 0, 0, 0, 0, 0, 0};
  const auto attacker =
      BayesAttacker::Create(DeployedRows(channel), prior).value();
  EXPECT_EQ(attacker.Guess(4), 4);
  EXPECT_NEAR(attacker.success(), PosteriorBound(0.5, 1), 1e-8);
  EXPECT_NEAR(LargestPrior(channel.clustering().clusters()[1], prior), 0.25,
              1e-12);
}

// Against the definition: over all words of the group, whichever cluster.
TEST(BayesAttackTest, GuessesAreTheLikeliestWordsOfTheGroup) {
  for (const auto adjacency : testing::kAdjacencies) {
    const privacy::Channel channel = testing::RandomChannel(adjacency);
    const DeployedRows rows(channel);
    std::vector<double> prior(21, 1.0);
    prior[7] = 40;  // outweighs all of its class
    prior[14] = 2;
    const auto attacker = BayesAttacker::Create(rows, prior).value();
    double success = 0;
    for (const Group& group : rows.groups()) {
      for (const int32_t y : rows.WordsOf(group)) {
        double most = 0;
        for (const int32_t x : rows.WordsOf(group)) {
          most = std::max(
              most, prior[static_cast<size_t>(x)] * rows.Probability(y, x));
        }
        const int32_t guess = attacker.Guess(y);
        EXPECT_EQ(rows.GroupOf(guess), rows.GroupOf(y));
        EXPECT_NEAR(
            prior[static_cast<size_t>(guess)] * rows.Probability(y, guess),
            most, 1e-15);
        success += most / 59;
      }
    }
    EXPECT_NEAR(attacker.success(), success, 1e-12);
  }
}

TEST(BayesAttackTest, BadPriorsAreRefused) {
  const privacy::Channel channel = KrrChannel(1, {3});
  EXPECT_FALSE(
      BayesAttacker::Create(DeployedRows(channel), std::vector<double>{1}));
  EXPECT_FALSE(BayesAttacker::Create(DeployedRows(channel),
                                     std::vector<double>{1, -1, 1, 1, 1}));
  EXPECT_FALSE(BayesAttacker::Create(DeployedRows(channel),
                                     std::vector<double>{1, NAN, 1, 1, 1}));
}

}  // namespace
}  // namespace cmif::eval
