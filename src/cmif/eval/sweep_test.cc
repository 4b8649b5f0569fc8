// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/sweep.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "cmif/eval/bayes_attack.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/testing/random_rows.h"

namespace cmif::eval {
namespace {

// In six clusters of five.
privacy::RowMatrix Rows() { return privacy::RandomRows(30, 6, 5); }

privacy::Clustering Clusters() {
  std::vector<std::vector<int32_t>> clusters(6);
  for (int32_t id = 0; id < 30; ++id) {
    clusters[static_cast<size_t>(id % 6)].push_back(id);
  }
  return privacy::Clustering::Create(30, clusters).value();
}

TEST(SweepTest, NoPointBreaksItsBounds) {
  const Sweep sweep =
      SweepMechanisms(Clusters(), Rows(), {.epsilons = {0.5, 2}, .clusters = 0})
          .value();
  EXPECT_EQ(sweep.clusters, 6);
  EXPECT_EQ(sweep.words, 30);
  ASSERT_FALSE(sweep.points.empty());
  for (const SweepPoint& point : sweep.points) {
    EXPECT_LE(point.epsilon_star, point.epsilon) << point.mechanism;
    EXPECT_LE(point.keep, point.bayes_success + 1e-12) << point.mechanism;
    EXPECT_LE(point.bayes_success, point.bound + 1e-6) << point.mechanism;
    EXPECT_GT(point.mean_cosine, -1);
    EXPECT_LE(point.mean_cosine, 1);
  }
}

TEST(SweepTest, EveryMechanismIsThereAtEveryEpsilon) {
  const Sweep sweep =
      SweepMechanisms(Clusters(), Rows(), {.epsilons = {0.5, 2}, .clusters = 3})
          .value();
  std::set<std::string> names;
  for (const SweepPoint& point : sweep.points) {
    EXPECT_TRUE(privacy::FindMechanism(
        point.mechanism.substr(0, point.mechanism.find(','))))
        << point.mechanism;
    names.insert(point.mechanism);
  }
  EXPECT_TRUE(names.contains("rnm-laplace"));
  EXPECT_EQ(names.size(), privacy::KnownMechanisms().size() + 3);
  EXPECT_EQ(sweep.points.size(), 2 * names.size());
  EXPECT_EQ(sweep.clusters, 3);
}

TEST(SweepTest, OneSeedChoosesTheSameClusters) {
  const SweepOptions options{
      .epsilons = {1}, .clusters = 2, .insecure_seed = 8};
  const Sweep a = SweepMechanisms(Clusters(), Rows(), options).value();
  const Sweep b = SweepMechanisms(Clusters(), Rows(), options).value();
  EXPECT_EQ(a.points[0].mean_cosine, b.points[0].mean_cosine);
}

TEST(SweepTest, BoundIsThatOfTheUniformPrior) {
  Sweep sweep;
  sweep.words = 6;
  sweep.cluster_sizes = {4, 2};
  const double wanted =
      (4 * PosteriorBound(0.25, 1.5) + 2 * PosteriorBound(0.5, 1.5)) / 6;
  EXPECT_NEAR(MeanUniformBound(sweep, 1.5), wanted, 1e-12);
  EXPECT_EQ(MeanUniformBound({}, 1), 0);
}

TEST(SweepTest, BadInputIsRefused) {
  EXPECT_FALSE(SweepMechanisms(Clusters(), Rows(), {.epsilons = {0}}));
  EXPECT_FALSE(SweepMechanisms(Clusters(), Rows(), {.epsilons = {NAN}}));
  const auto alone = privacy::Clustering::Create(30, {{1}, {2}}).value();
  EXPECT_FALSE(SweepMechanisms(alone, Rows(), {}));
}

}  // namespace
}  // namespace cmif::eval
