// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/posterior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "cmif/privacy/testing/class_channel.h"
#include "cmif/privacy/testing/random_utilities.h"

namespace cmif::privacy {
namespace {

using testing::Eps;
using testing::Probability;

std::shared_ptr<const Channel> BuildAt(Adjacency adjacency, double epsilon) {
  const bool two = adjacency == Adjacency::kTwoLevel;
  return std::make_shared<const Channel>(testing::Build(
      adjacency, epsilon, two ? std::optional(Eps(2)) : std::nullopt));
}

// Words that y may come from: those of its cluster, or of its class.
std::vector<int32_t> InputsOf(const Channel& channel, int32_t y) {
  if (channel.spec().adjacency == Adjacency::kCluster) {
    return channel.clustering()
        .clusters()[static_cast<size_t>(channel.clustering().cluster_of(y))];
  }
  std::vector<int32_t> inputs(y < 10 ? 10 : 2);
  std::iota(inputs.begin(), inputs.end(), y < 10 ? 0 : 10);
  return inputs;
}

// Bayes' rule over the joint distribution, in long double, from the definition
// of the adjacencies.
void ExpectBayes(const Posterior& posterior, int32_t y) {
  const Channel& channel = posterior.channel();
  const Clustering& clustering = channel.clustering();
  const std::vector<int32_t> inputs = InputsOf(channel, y);
  long double evidence = 0;
  for (const int32_t x : inputs) {
    evidence += posterior.Prior(x) * Probability(channel, x, y);
  }
  const OutputPosterior found = posterior.Of(y);
  long double elsewhere = 0;
  for (const int32_t x : inputs) {
    const long double wanted =
        posterior.Prior(x) * Probability(channel, x, y) / evidence;
    if (clustering.cluster_of(x) != clustering.cluster_of(y)) {
      elsewhere += wanted;
      continue;
    }
    const auto place = static_cast<size_t>(clustering.position_in_cluster(x));
    EXPECT_NEAR(found.within[place] / static_cast<double>(wanted), 1, 1e-12)
        << x << ' ' << y;
  }
  EXPECT_NEAR(found.elsewhere, static_cast<double>(elsewhere), 1e-12);
}

class PosteriorTest : public ::testing::TestWithParam<Adjacency> {};

TEST_P(PosteriorTest, IsBayesRuleForTheUniformPrior) {
  for (const double epsilon : {0.01, 1.0, 10.0}) {
    const auto posterior = Posterior::Create(BuildAt(GetParam(), epsilon), {});
    ASSERT_TRUE(posterior);
    for (int32_t y = 0; y < 12; ++y) ExpectBayes(*posterior, y);
  }
}

TEST_P(PosteriorTest, IsBayesRuleForCounts) {
  InsecureSeededRandom random(5);
  const auto posterior =
      Posterior::Create(BuildAt(GetParam(), 2), RandomPrior(13, random));
  ASSERT_TRUE(posterior);
  for (int32_t y = 0; y < 12; ++y) ExpectBayes(*posterior, y);
}

TEST_P(PosteriorTest, SumsToOne) {
  const auto posterior = Posterior::Create(BuildAt(GetParam(), 1), {});
  ASSERT_TRUE(posterior);
  for (int32_t y = 0; y < 12; ++y) {
    const OutputPosterior found = posterior->Of(y);
    EXPECT_NEAR(std::accumulate(found.within.begin(), found.within.end(),
                                found.elsewhere),
                1, 1e-12);
    EXPECT_EQ(found.elsewhere == 0,
              GetParam() == Adjacency::kCluster || y >= 10);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PosteriorTest,
                         ::testing::Values(Adjacency::kCluster,
                                           Adjacency::kTwoLevel,
                                           Adjacency::kMixture),
                         [](const auto& adjacency) {
                           return adjacency.param == Adjacency::kCluster
                                      ? "Cluster"
                                  : adjacency.param == Adjacency::kTwoLevel
                                      ? "TwoLevel"
                                      : "Mixture";
                         });

// P(y|x) of two words as 3/4 and 1/4, 1/2 and 1/2; prior 1 to 3.
TEST(PosteriorByHandTest, TwoWords) {
  constexpr uint32_t kQuarter = 1U << 30;
  const ChannelDomain domain = {
      .clustering = std::make_shared<const Clustering>(
          Clustering::Create(2, {{0, 1}}).value())};
  const auto channel = std::make_shared<const Channel>(
      Channel::Create(
          {.mechanism = "krr", .epsilon = Eps(1)}, domain,
          {{.weights = {3 * kQuarter, kQuarter, 2 * kQuarter, 2 * kQuarter}}})
          .value());
  const Posterior uniform = Posterior::Create(channel, {}).value();
  EXPECT_EQ(uniform.Of(0).within, (std::vector<double>{3.0 / 5, 2.0 / 5}));
  EXPECT_EQ(uniform.Of(1).within, (std::vector<double>{1.0 / 3, 2.0 / 3}));
  const Posterior skewed = Posterior::Create(channel, {1, 3}).value();
  EXPECT_EQ(skewed.Of(0).within, (std::vector<double>{3.0 / 9, 6.0 / 9}));
  EXPECT_EQ(skewed.Of(1).within, (std::vector<double>{1.0 / 7, 6.0 / 7}));
}

TEST(PosteriorByHandTest, AWordAloneIsCertain) {
  const Posterior posterior =
      Posterior::Create(BuildAt(Adjacency::kCluster, 1), {}).value();
  EXPECT_EQ(posterior.Of(9).within, std::vector<double>{1.0});
}

TEST(PosteriorCreateTest, RefusesWhatIsNoPrior) {
  const auto channel = BuildAt(Adjacency::kCluster, 1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bad : {0.0, -1.0, kInfinity, std::nan("")}) {
    std::vector<double> prior(13, 1.0);
    prior[4] = bad;
    const auto refused = Posterior::Create(channel, prior);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  }
  for (const size_t size : {12, 14}) {
    EXPECT_FALSE(Posterior::Create(channel, std::vector<double>(size, 1.0)));
  }
}

}  // namespace
}  // namespace cmif::privacy
