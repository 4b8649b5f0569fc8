// SPDX-License-Identifier: Apache-2.0
// Channels small enough to be worked by hand, for the tests of this room.
#ifndef CMIF_EVAL_TESTING_SMALL_CHANNEL_H_
#define CMIF_EVAL_TESTING_SMALL_CHANNEL_H_

#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "cmif/privacy/channel.h"

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

// Clusters of the sizes given, over the ids 0, 1, 2, ... in order, and two
// public ids behind them; randomised response of this epsilon in each.
inline privacy::Channel KrrChannel(double epsilon,
                                   const std::vector<int>& sizes) {
  std::vector<std::vector<int32_t>> clusters;
  std::vector<privacy::ClusterTable> tables;
  int32_t next = 0;
  for (const int size : sizes) {
    clusters.emplace_back(static_cast<size_t>(size));
    std::iota(clusters.back().begin(), clusters.back().end(), next);
    next += size;
    tables.push_back(size > 1 ? KrrTable(epsilon, static_cast<uint32_t>(size))
                              : privacy::ClusterTable());
  }
  auto clustering = std::make_shared<const privacy::Clustering>(
      privacy::Clustering::Create(next + 2, clusters).value());
  return privacy::Channel::Create(
             {.mechanism = "rnm-laplace",
              .epsilon = privacy::Epsilon::Create(epsilon).value()},
             {.clustering = std::move(clustering)}, std::move(tables))
      .value();
}

}  // namespace cmif::eval::testing

#endif  // CMIF_EVAL_TESTING_SMALL_CHANNEL_H_
