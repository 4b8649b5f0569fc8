// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/repeated_attack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "cmif/eval/testing/small_channel.h"

namespace cmif::eval {
namespace {

using testing::KrrChannel;

AttackResult Attack(double eps, int occurrences, int trials) {
  const privacy::Channel channel = KrrChannel(eps, {5});
  const auto sampler = privacy::Sampler::Create(channel).value();
  const std::vector<int32_t> words = {0, 1, 2, 3, 4};
  InsecureSeededRandom random(11);
  return AttackRepeatedWords("", DeployedRows(channel), sampler, words, {},
                             occurrences, trials, random);
}

// 5 standard deviations.
TEST(RepeatedAttackTest, OneOccurrenceIsTheBayesAttack) {
  const AttackResult result = Attack(1, 1, 50000);
  const double p = PosteriorBound(0.2, 1);
  EXPECT_NEAR(result.rate(), p, 5 * std::sqrt(p * (1 - p) / 50000));
  EXPECT_NEAR(result.bound, p, 1e-5);
}

TEST(RepeatedAttackTest, IndependentDrawsAddUpBelowTheBound) {
  const double once = Attack(1, 1, 20000).rate();
  const AttackResult five = Attack(1, 5, 20000);
  const AttackResult twenty = Attack(1, 20, 20000);
  EXPECT_GT(five.rate(), once + 0.1);
  EXPECT_GT(twenty.rate(), five.rate() + 0.1);
  EXPECT_LT(five.interval.low, five.bound);
  EXPECT_NEAR(five.bound, PosteriorBound(0.2, 5), 1e-4);
}

// One draw is the Bayes attack over the whole class; many recover the word
// although its cluster is hidden too.
TEST(RepeatedAttackTest, DrawsOfAClassAddUpToo) {
  for (const auto adjacency :
       {privacy::Adjacency::kTwoLevel, privacy::Adjacency::kMixture}) {
    const privacy::Channel channel = KrrChannel(2, {3, 4, 2}, adjacency, 2);
    const DeployedRows rows(channel);
    const auto sampler = privacy::Sampler::Create(channel).value();
    std::vector<int32_t> words(9);
    std::iota(words.begin(), words.end(), 0);
    InsecureSeededRandom random(12);
    const auto rate = [&](int occurrences) {
      return AttackRepeatedWords("", rows, sampler, words, {}, occurrences,
                                 20000, random)
          .rate();
    };
    const double p = BayesAttacker::Create(rows, {})->success();
    EXPECT_NEAR(rate(1), p, 5 * std::sqrt(p * (1 - p) / 20000));
    EXPECT_GT(rate(20), 0.9);
  }
}

TEST(RepeatedAttackTest, AWordThatTheAttackerExcludesIsNeverNamed) {
  const privacy::Channel channel = KrrChannel(1, {3});
  const auto sampler = privacy::Sampler::Create(channel).value();
  InsecureSeededRandom random(11);
  const std::vector<int32_t> words = {2};
  const std::vector<double> prior = {1, 1, 0, 0, 0};
  const AttackResult result = AttackRepeatedWords(
      "", DeployedRows(channel), sampler, words, prior, 20, 200, random);
  EXPECT_EQ(result.hits, 0U);
}

}  // namespace
}  // namespace cmif::eval
