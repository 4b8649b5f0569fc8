// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/posterior_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_bert_test.h"
#include "cmif/privacy/testing/class_channel.h"

namespace cmif::client {
namespace {

using privacy::Adjacency;
using privacy::testing::Eps;
using privacy::testing::Probability;

double Norm(const std::vector<double>& row) {
  double squares = 0;
  for (const double value : row) squares += value * value;
  return std::sqrt(squares);
}

class PosteriorRowsTest : public testing::TinyBertTest {
 protected:
  static privacy::Posterior Make(Adjacency adjacency,
                                 std::vector<double> prior = {}) {
    const bool two = adjacency == Adjacency::kTwoLevel;
    const privacy::ChannelSpec spec = {
        .epsilon = Eps(2),
        .adjacency = adjacency,
        .epsilon_cluster = two ? std::optional(Eps(2)) : std::nullopt};
    return privacy::Posterior::Create(
               OpenChannel(*model_, {.spec = spec}, {}).value(),
               std::move(prior))
        .value();
  }
  static std::vector<double> Prior() {
    std::vector<double> prior;
    prior.reserve(static_cast<size_t>(model_->units().size()));
    for (int id = 0; id < model_->units().size(); ++id) {
      prior.push_back(1 + id % 7);
    }
    return prior;
  }
  static std::vector<double> Expand(std::span<const uint8_t> bytes) {
    std::vector<float> row(model_->table().format().width());
    model_->table().format().Expand(bytes, row);
    return {row.begin(), row.end()};
  }
  static std::vector<double> TableRow(int32_t id) {
    return Expand(model_->table().Row(id));
  }
  static std::vector<double> RowOf(const privacy::Posterior& posterior,
                                   MeanNorm norm, int32_t y) {
    PosteriorRows rows(model_, posterior, norm);
    return Expand(rows.Row(y).value());
  }

  // The conditional mean of rows and of their norms over the joint
  // distribution, from the definition of the adjacencies.
  struct Mean {
    std::vector<double> row;
    double norm = 0;
  };
  static Mean MeanOf(const privacy::Posterior& posterior, int32_t y) {
    const privacy::Channel& channel = posterior.channel();
    const std::vector<int32_t>& class_of = model_->units().class_of();
    Mean mean{std::vector<double>(model_->table().format().width())};
    long double evidence = 0;
    for (int32_t x = 0; x < model_->units().size(); ++x) {
      if (channel.clustering().cluster_of(x) < 0 ||
          class_of[static_cast<size_t>(x)] !=
              class_of[static_cast<size_t>(y)]) {
        continue;
      }
      const long double joint = posterior.Prior(x) * Probability(channel, x, y);
      evidence += joint;
      const std::vector<double> row = TableRow(x);
      for (size_t i = 0; i < row.size(); ++i) {
        mean.row[i] += static_cast<double>(joint) * row[i];
      }
      mean.norm += static_cast<double>(joint) * Norm(row);
    }
    for (double& value : mean.row) value /= static_cast<double>(evidence);
    mean.norm /= static_cast<double>(evidence);
    return mean;
  }
  static std::vector<int32_t> SomeUnits() {
    const std::vector<int32_t>& words = model_->units().words();
    return {words.front(), words[words.size() / 2], words.back()};
  }
};

TEST_F(PosteriorRowsTest, RawIsTheConditionalMean) {
  for (const auto adjacency :
       {Adjacency::kCluster, Adjacency::kTwoLevel, Adjacency::kMixture}) {
    for (const std::vector<double>& prior : {std::vector<double>{}, Prior()}) {
      const privacy::Posterior posterior = Make(adjacency, prior);
      for (const int32_t y : SomeUnits()) {
        const std::vector<double> row = RowOf(posterior, MeanNorm::kRaw, y);
        const std::vector<double> wanted = MeanOf(posterior, y).row;
        for (size_t i = 0; i < row.size(); ++i) {
          EXPECT_NEAR(row[i], wanted[i], 1e-6) << y << ' ' << i;
        }
      }
    }
  }
}

TEST_F(PosteriorRowsTest, NormsAreThoseAsked) {
  const privacy::Posterior posterior = Make(Adjacency::kCluster, Prior());
  for (const int32_t y : SomeUnits()) {
    const Mean mean = MeanOf(posterior, y);
    const std::vector<double> own = RowOf(posterior, MeanNorm::kOwn, y);
    const std::vector<double> other = RowOf(posterior, MeanNorm::kMean, y);
    EXPECT_NEAR(Norm(own), Norm(TableRow(y)), 1e-5);
    EXPECT_NEAR(Norm(other), mean.norm, 1e-5);
    EXPECT_LT(Norm(mean.row), mean.norm);
    // Both only change the length.
    for (size_t i = 0; i < own.size(); ++i) {
      EXPECT_NEAR(own[i] / Norm(own), mean.row[i] / Norm(mean.row), 1e-5);
      EXPECT_NEAR(other[i] / Norm(other), mean.row[i] / Norm(mean.row), 1e-5);
    }
  }
}

// The property that the rows are made for; a theorem, so it holds for each y.
TEST_F(PosteriorRowsTest, NoOtherRowIsNearerOnAverage) {
  const privacy::Posterior posterior = Make(Adjacency::kCluster);
  const privacy::Clustering& clustering = posterior.channel().clustering();
  for (const int32_t y : SomeUnits()) {
    const auto& words =
        clustering.clusters()[static_cast<size_t>(clustering.cluster_of(y))];
    const std::vector<double> weights = posterior.Of(y).within;
    const auto error = [&](const std::vector<double>& row) {
      double sum = 0;
      for (size_t w = 0; w < words.size(); ++w) {
        const std::vector<double> x = TableRow(words[w]);
        for (size_t i = 0; i < row.size(); ++i) {
          sum += weights[w] * (row[i] - x[i]) * (row[i] - x[i]);
        }
      }
      return sum;
    };
    const double raw = error(RowOf(posterior, MeanNorm::kRaw, y));
    EXPECT_LT(raw, error(TableRow(y)));
    EXPECT_LT(raw, error(RowOf(posterior, MeanNorm::kOwn, y)));
    EXPECT_LT(raw, error(RowOf(posterior, MeanNorm::kMean, y)));
  }
}

TEST_F(PosteriorRowsTest, AUnitAloneKeepsItsRow) {
  privacy::ChannelDomain domain = ModelDomain(*model_);
  auto clusters = domain.clustering->clusters();
  const int32_t alone = clusters[0].back();
  clusters[0].pop_back();
  clusters.push_back({alone});
  domain.class_of_cluster.push_back(domain.class_of_cluster[0]);
  domain.clustering = std::make_shared<const privacy::Clustering>(
      privacy::Clustering::Create(model_->units().size(), clusters).value());
  auto channel = ComputeChannel(
      *model_, {.spec = {.epsilon = Eps(1)}, .domain = domain}, {});
  ASSERT_TRUE(channel);
  PosteriorRows rows(model_,
                     privacy::Posterior::Create(
                         std::make_shared<const privacy::Channel>(*channel), {})
                         .value(),
                     MeanNorm::kOwn);
  EXPECT_EQ(rows.Row(alone)->data(), model_->table().Row(alone).data());
}

TEST_F(PosteriorRowsTest, AskedAgainItIsTheSameRow) {
  PosteriorRows rows(model_, Make(Adjacency::kCluster), MeanNorm::kRaw);
  const int32_t y = SomeUnits()[0];
  const auto first = rows.Row(y).value();
  for (const int32_t other : model_->units().words()) {
    ASSERT_TRUE(rows.Row(other));
  }
  EXPECT_EQ(rows.Row(y)->data(), first.data());
}

}  // namespace
}  // namespace cmif::client
