// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_TESTING_CONSECUTIVE_CLUSTERS_H_
#define CMIF_PRIVACY_TESTING_CONSECUTIVE_CLUSTERS_H_

#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "cmif/privacy/clustering.h"

namespace cmif::privacy::testing {

// Clusters of these sizes over the ids 0, 1, 2, ... in order, and public ids
// behind them.
inline std::shared_ptr<const Clustering> ConsecutiveClusters(
    const std::vector<int>& sizes, int public_ids = 0) {
  std::vector<std::vector<int32_t>> clusters;
  int32_t next = 0;
  for (const int size : sizes) {
    clusters.emplace_back(static_cast<size_t>(size));
    std::iota(clusters.back().begin(), clusters.back().end(), next);
    next += size;
  }
  return std::make_shared<const Clustering>(
      Clustering::Create(next + public_ids, std::move(clusters)).value());
}

}  // namespace cmif::privacy::testing

#endif  // CMIF_PRIVACY_TESTING_CONSECUTIVE_CLUSTERS_H_
