// SPDX-License-Identifier: Apache-2.0
// Channels small enough to be worked by hand, for the tests of this room.
#ifndef CMIF_EVAL_TESTING_SMALL_CHANNEL_H_
#define CMIF_EVAL_TESTING_SMALL_CHANNEL_H_

#include <cmath>
#include <memory>
#include <vector>

#include "cmif/privacy/channel.h"
#include "cmif/privacy/testing/consecutive_clusters.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/testing/random_rows.h"

namespace cmif::eval::testing {

// k-ary randomised response of k words: rows of one large weight.
inline privacy::ClusterTable KrrTable(double epsilon, uint32_t k) {
  privacy::ClusterTable table;
  const auto other =
      static_cast<uint32_t>(std::ceil(0x1p32 / (std::exp(epsilon) + (k - 1))));
  table.weights.assign(static_cast<size_t>(k) * k, other);
  for (size_t x = 0; x < k; ++x) {
    table.weights[x * k + x] =
        static_cast<uint32_t>((1ULL << 32) - uint64_t{k - 1} * other);
  }
  return table;
}

// What a channel is asked to be.
inline privacy::ChannelSpec Spec(privacy::Adjacency adjacency, double epsilon,
                                 double epsilon_cluster) {
  privacy::ChannelSpec spec{.epsilon = privacy::testing::Eps(epsilon),
                            .adjacency = adjacency};
  if (adjacency == privacy::Adjacency::kTwoLevel) {
    spec.epsilon_cluster = privacy::testing::Eps(epsilon_cluster);
  }
  return spec;
}

// Clusters of the sizes given, and two public ids behind them.
inline std::shared_ptr<const privacy::Clustering> ClustersOf(
    const std::vector<int>& sizes) {
  return privacy::testing::ConsecutiveClusters(sizes, 2);
}

// Randomised response of this epsilon in each cluster; all of one class.
inline privacy::Channel KrrChannel(
    double epsilon, const std::vector<int>& sizes,
    privacy::Adjacency adjacency = privacy::Adjacency::kCluster,
    double epsilon_cluster = 1) {
  std::vector<privacy::ClusterTable> tables;
  tables.reserve(sizes.size());
  for (const int size : sizes) {
    tables.push_back(size > 1 ? KrrTable(epsilon, static_cast<uint32_t>(size))
                              : privacy::ClusterTable());
  }
  return privacy::Channel::Create(Spec(adjacency, epsilon, epsilon_cluster),
                                  {.clustering = ClustersOf(sizes)},
                                  std::move(tables))
      .value();
}

// rnm-laplace over random rows: clusters of 4, 1, 3 and 5 words of one class,
// of 2 and 4 of another.
inline privacy::Channel RandomChannel(privacy::Adjacency adjacency) {
  const auto clustering = ClustersOf({4, 1, 3, 5, 2, 4});
  return privacy::BuildChannel(
             Spec(adjacency, 1.5, 0.8),
             {.clustering = clustering, .class_of_cluster = {0, 0, 0, 0, 1, 1}},
             privacy::RandomRows(clustering->vocabulary_size(), 6, 8), {}, 1)
      .value();
}

inline constexpr privacy::Adjacency kAdjacencies[] = {
    privacy::Adjacency::kCluster, privacy::Adjacency::kTwoLevel,
    privacy::Adjacency::kMixture};

}  // namespace cmif::eval::testing

#endif  // CMIF_EVAL_TESTING_SMALL_CHANNEL_H_
