// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/exact_audit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "cmif/eval/testing/small_channel.h"

namespace cmif::eval {
namespace {

using testing::KrrChannel;
using testing::RandomChannel;

// Randomised response of k words: stays with p = e^eps / (e^eps + k - 1),
// goes to each other word with q = p / e^eps.
struct Krr {
  explicit Krr(double eps, int k)
      : p(std::exp(eps) / (std::exp(eps) + k - 1)), q(p / std::exp(eps)) {}
  double p;
  double q;
};

TEST(ExactAuditTest, FiguresOfRandomisedResponse) {
  const privacy::Channel channel = KrrChannel(1.5, {4, 4, 1});
  const ExactAudit audit =
      AuditExactly(DeployedRows(channel), {}, {.distinct_draws = 10}).value();
  const Krr krr(1.5, 4);
  EXPECT_NEAR(audit.epsilon_recomputed, 1.5, 1e-6);
  EXPECT_NEAR(audit.epsilon_certified, 1.5, 2e-6);
  EXPECT_LE(audit.epsilon_recomputed, audit.epsilon_certified);
  EXPECT_EQ(audit.words, 8);
  EXPECT_EQ(audit.revealed_words, 1);
  EXPECT_EQ(audit.public_ids, 2);
  EXPECT_NEAR(audit.keep.mean, krr.p, 1e-8);
  EXPECT_NEAR(audit.keep.most, krr.p, 1e-8);
  const double distinct =
      1 - std::pow(1 - krr.p, 10) + 3 * (1 - std::pow(1 - krr.q, 10));
  EXPECT_NEAR(audit.distinct.mean, distinct, 1e-7);
  EXPECT_NEAR(audit.distinct.least, distinct, 1e-7);
}

TEST(ExactAuditTest, EveryPairIsInTheHistogramOnce) {
  const privacy::Channel channel = KrrChannel(1, {4, 3, 1});
  const ExactAudit audit =
      AuditExactly(DeployedRows(channel), {}, {.bins = 10}).value();
  EXPECT_EQ(std::accumulate(audit.losses.counts.begin(),
                            audit.losses.counts.end(), uint64_t{0}),
            4U * 3U + 3U * 2U);
  EXPECT_EQ(audit.losses.counts.back(), 18U);  // all lose the whole epsilon
  EXPECT_NEAR(audit.losses.bin_width, 0.1, 1e-12);
}

// D_a of randomised response: ln(p^a q^(1-a) + q^a p^(1-a) + (k-2) q)/(a-1).
TEST(ExactAuditTest, RenyiCurveOfRandomisedResponse) {
  const privacy::Channel channel = KrrChannel(2, {5});
  const ExactAudit audit =
      AuditExactly(DeployedRows(channel), {}, {.renyi_orders = {1.5, 2, 8}})
          .value();
  const Krr krr(2, 5);
  ASSERT_EQ(audit.renyi.size(), 3U);
  for (const RenyiPoint& point : audit.renyi) {
    const double a = point.order;
    const double sum = std::pow(krr.p, a) * std::pow(krr.q, 1 - a) +
                       std::pow(krr.q, a) * std::pow(krr.p, 1 - a) + 3 * krr.q;
    EXPECT_NEAR(point.divergence, std::log(sum) / (a - 1), 1e-6) << a;
  }
}

// I = log2 k - H(row) under the uniform prior; one cluster of 4, one of 2.
TEST(ExactAuditTest, MutualInformationOfRandomisedResponse) {
  const privacy::Channel channel = KrrChannel(1, {4, 2});
  const ExactAudit audit = AuditExactly(DeployedRows(channel), {}, {}).value();
  const auto information = [](int k) {
    const Krr krr(1, k);
    return std::log2(k) + krr.p * std::log2(krr.p) +
           (k - 1) * krr.q * std::log2(krr.q);
  };
  EXPECT_NEAR(audit.uniform.output_bits,
              (4 * information(4) + 2 * information(2)) / 6, 1e-7);
  EXPECT_NEAR(audit.uniform.word_bits, (4 * 2.0 + 2 * 1.0) / 6, 1e-12);
  EXPECT_NEAR(audit.uniform.public_bits, std::log2(6) - (4 * 2.0 + 2 * 1.0) / 6,
              1e-12);
}

TEST(ExactAuditTest, APriorOnOneWordLeavesNothingToTell) {
  const privacy::Channel channel = KrrChannel(1, {4, 2});
  std::vector<double> prior(8, 0.0);
  prior[1] = 3;
  prior[7] = 100;  // public: does not count
  const ExactAudit audit =
      AuditExactly(DeployedRows(channel), prior, {}).value();
  EXPECT_NEAR(audit.under_prior.output_bits, 0, 1e-12);
  EXPECT_NEAR(audit.under_prior.word_bits, 0, 1e-12);
}

TEST(ExactAuditTest, WorstWordsAreThoseThatStay) {
  const privacy::Channel channel = KrrChannel(1, {6, 2});
  const ExactAudit audit =
      AuditExactly(DeployedRows(channel), {}, {.worst_words = 3}).value();
  ASSERT_EQ(audit.worst_words.size(), 3U);
  EXPECT_EQ(audit.worst_words[0].id, 6);  // of two words more stay than of six
  EXPECT_EQ(audit.worst_words[1].id, 7);
  EXPECT_EQ(audit.worst_words[0].cluster, 1);
  EXPECT_NEAR(audit.worst_words[2].loss, 1, 1e-6);
}

// I(X; Y | class) = sum prior(x) P(y|x) log2(P(y|x) / P(y|class)), from the
// definition.
TEST(ExactAuditTest, FiguresOfClassesAreThoseOfEveryWordAndOutput) {
  for (const auto adjacency : testing::kAdjacencies) {
    const privacy::Channel channel = RandomChannel(adjacency);
    const DeployedRows rows(channel);
    std::vector<double> prior(21);
    std::iota(prior.begin(), prior.end(), 1);
    const double total = 19 * 20 / 2.0;  // two ids are public
    double bits = 0;
    double keep = 0;
    double distinct = 0;
    double words = 0;
    for (const Group& group : rows.groups()) {
      const auto ids = rows.WordsOf(group);
      double mass = 0;
      for (const int32_t x : ids) mass += prior[static_cast<size_t>(x)];
      for (const int32_t y : ids) {
        double output = 0;
        for (const int32_t x : ids) {
          output +=
              prior[static_cast<size_t>(x)] / mass * rows.Probability(y, x);
        }
        for (const int32_t x : ids) {
          const double p = rows.Probability(y, x);
          bits +=
              prior[static_cast<size_t>(x)] / total * p * std::log2(p / output);
          if (ids.size() > 1) distinct += 1 - std::pow(1 - p, 7);
        }
        if (ids.size() > 1) keep += rows.Probability(y, y);
      }
      words += ids.size() > 1 ? static_cast<double>(ids.size()) : 0;
    }
    const ExactAudit audit =
        AuditExactly(rows, prior, {.distinct_draws = 7}).value();
    EXPECT_NEAR(audit.under_prior.output_bits, bits, 1e-9);
    EXPECT_NEAR(audit.keep.mean, keep / words, 1e-12);
    EXPECT_NEAR(audit.distinct.mean, distinct / words, 1e-9);
    EXPECT_EQ(audit.words, static_cast<int>(words));
  }
}

TEST(ExactAuditTest, TheNumberOfThreadsChangesNothing) {
  const privacy::Channel channel = KrrChannel(1, {6, 2, 9, 5, 5});
  const ExactAudit one =
      AuditExactly(DeployedRows(channel), {}, {.threads = 1}).value();
  const ExactAudit four =
      AuditExactly(DeployedRows(channel), {}, {.threads = 4}).value();
  EXPECT_EQ(one.keep.mean, four.keep.mean);
  EXPECT_EQ(one.losses.counts, four.losses.counts);
}

TEST(ExactAuditTest, BadInputIsRefused) {
  const privacy::Channel channel = KrrChannel(1, {3});
  EXPECT_FALSE(
      AuditExactly(DeployedRows(channel), std::vector<double>{1, 1}, {}));
  EXPECT_FALSE(
      AuditExactly(DeployedRows(channel), std::vector<double>(5, 0.0), {}));
  EXPECT_FALSE(AuditExactly(DeployedRows(channel),
                            std::vector<double>{1, -1, 1, 1, 1}, {}));
  EXPECT_FALSE(AuditExactly(DeployedRows(channel),
                            std::vector<double>{1, NAN, 1, 1, 1}, {}));
  EXPECT_FALSE(AuditExactly(DeployedRows(channel), {}, {.bins = 0}));
  EXPECT_FALSE(AuditExactly(DeployedRows(channel), {}, {.distinct_draws = 0}));
  EXPECT_FALSE(AuditExactly(DeployedRows(channel), {}, {.renyi_orders = {1}}));
}

}  // namespace
}  // namespace cmif::eval
