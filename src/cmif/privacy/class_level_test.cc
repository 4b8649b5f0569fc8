// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/class_level.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "cmif/base/random.h"
#include "cmif/privacy/sampler.h"
#include "cmif/privacy/testing/class_channel.h"

namespace cmif::privacy {
namespace {

using testing::Build;
using testing::Domain;
using testing::Eps;
using testing::Probability;
using testing::Rows;

long double TrueLoss(const Channel& channel, int32_t first, int32_t last) {
  long double loss = 0;
  for (int32_t y = first; y <= last; ++y) {
    for (int32_t a = first; a <= last; ++a) {
      for (int32_t b = first; b <= last; ++b) {
        loss = std::max(loss, std::log(Probability(channel, a, y) /
                                       Probability(channel, b, y)));
      }
    }
  }
  return loss;
}

class AdjacencyTest : public ::testing::TestWithParam<Adjacency> {
 protected:
  static Channel BuildAt(double epsilon) {
    const bool two = GetParam() == Adjacency::kTwoLevel;
    return Build(GetParam(), epsilon,
                 two ? std::optional(Eps(epsilon / 2)) : std::nullopt);
  }
};

TEST_P(AdjacencyTest, LossIsThatOfTheWholeClass) {
  for (const double epsilon : {0.01, 0.3, 1.0, 4.0, 10.0}) {
    const Channel channel = BuildAt(epsilon);
    ASSERT_EQ(channel.levels().size(), 2U);
    const long double first = TrueLoss(channel, 0, 9);
    const long double second = TrueLoss(channel, 10, 11);
    const auto micro = [&](size_t i) {
      return static_cast<long double>(channel.levels()[i].loss_micro) / 1e6L;
    };
    EXPECT_LE(first, micro(0) + 1e-12L) << epsilon;
    EXPECT_GE(first, micro(0) - 3e-6L) << epsilon;
    EXPECT_LE(second, micro(1) + 1e-12L) << epsilon;
    EXPECT_EQ(channel.levels()[1].step, 0U);
    const double limit =
        GetParam() == Adjacency::kTwoLevel ? 1.5 * epsilon : epsilon;
    EXPECT_LE(channel.epsilon_certified_micro(), Eps(limit).micro());
  }
}

// 4e5 draws a word; every expected count is above 100. Chi-square with 9
// degrees of freedom is above 50 with probability 1e-7. Fixed seed.
TEST_P(AdjacencyTest, SamplerDrawsIt) {
  const Channel channel = BuildAt(3);
  const Sampler sampler = Sampler::Create(channel).value();
  InsecureSeededRandom random(77);
  constexpr int kDraws = 400'000;
  for (const int32_t x : {0, 6, 9}) {
    std::map<int32_t, double> counts;
    for (int i = 0; i < kDraws; ++i) ++counts[sampler.Draw(x, random)];
    double chi2 = 0;
    for (int32_t y = 0; y <= 9; ++y) {
      const double expected =
          static_cast<double>(Probability(channel, x, y)) * kDraws;
      EXPECT_GT(expected, 100);
      chi2 += (counts[y] - expected) * (counts[y] - expected) / expected;
    }
    EXPECT_LT(chi2, 50) << x;
  }
  for (int i = 0; i < 1000; ++i) EXPECT_GE(sampler.Draw(11, random), 10);
  EXPECT_EQ(sampler.Draw(12, random), 12);  // public
}

TEST_P(AdjacencyTest, BytesComeBack) {
  const Channel channel = BuildAt(1);
  const auto copy = Channel::FromBytes(channel.ToBytes());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->ToBytes(), channel.ToBytes());
  EXPECT_EQ(copy->levels()[0].step, channel.levels()[0].step);
  EXPECT_EQ(copy->epsilon_certified_micro(), channel.epsilon_certified_micro());
}

TEST_P(AdjacencyTest, OnlyClassesArePublic) {
  const Channel channel = BuildAt(1);
  EXPECT_EQ(channel.PublicBits(), 1.0);
  EXPECT_EQ(channel.revealed_words(), 0);
  EXPECT_FALSE(channel.IsRevealed(9));
  EXPECT_TRUE(Build(Adjacency::kCluster, 1).IsRevealed(9));
}

INSTANTIATE_TEST_SUITE_P(Both, AdjacencyTest,
                         ::testing::Values(Adjacency::kTwoLevel,
                                           Adjacency::kMixture));

TEST(ClassLevelTest, EpsilonsThatExceedTheLimitTogetherAreRefused) {
  const auto channel = BuildChannel({.epsilon = Eps(10),
                                     .adjacency = Adjacency::kTwoLevel,
                                     .epsilon_cluster = Eps(7)},
                                    Domain(), Rows(), {}, 1);
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().code(), Code::kInvalidArgument);
}

TEST(ClassLevelTest, ClassesOfTwoEpsilonsAreRefused) {
  ChannelDomain domain = Domain();
  domain.epsilon_micro_of_cluster = {0, 2'000'000, 0, 0};
  const auto channel =
      BuildChannel({.epsilon = Eps(1), .adjacency = Adjacency::kMixture},
                   domain, Rows(), {}, 1);
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().code(), Code::kInvalidArgument);
}

TEST(ClassLevelTest, MixtureUsesItsEpsilon) {
  EXPECT_GE(Build(Adjacency::kMixture, 2).levels()[0].loss_micro, 1'999'000U);
}

TEST(ClassLevelTest, NamesComeBack) {
  for (const auto adjacency :
       {Adjacency::kCluster, Adjacency::kTwoLevel, Adjacency::kMixture}) {
    EXPECT_EQ(ParseAdjacency(AdjacencyName(adjacency)), adjacency);
  }
  EXPECT_FALSE(ParseAdjacency("clusters"));
}

}  // namespace
}  // namespace cmif::privacy
