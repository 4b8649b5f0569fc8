// SPDX-License-Identifier: Apache-2.0
// How many words a cluster has: the one rule that every clustering follows.
// Pure functions: thread-safe.
#ifndef CMIF_PRIVACY_CLUSTER_SIZE_H_
#define CMIF_PRIVACY_CLUSTER_SIZE_H_

#include <algorithm>
#include <cstddef>

namespace cmif::privacy {

// No cluster of a class that has as many is smaller than this, where the
// user's K allows it.
inline constexpr size_t kLeastClusterSize = 10;

// The size below which no cluster of a class with at least as many ids falls:
// 10 for max_size >= 10; below, the smaller half of max_size + 1 ids (the
// least that even sizes reach), but never a word alone. 2 <= max_size <= 256.
constexpr size_t MinClusterSize(int max_size) {
  const auto k = static_cast<size_t>(max_size);
  return k >= kLeastClusterSize ? kLeastClusterSize
                                : std::max<size_t>(2, (k + 1) / 2);
}

// The number of clusters of even sizes that `ids` ids of one class form:
// ceil(ids / K), less where that would make one smaller than
// MinClusterSize(). That happens for K = 2 and for K of 10 to 18 alone, whose
// clusters may then have up to 3, or up to 19 ids.
constexpr size_t ClusterCount(size_t ids, int max_size) {
  const auto k = static_cast<size_t>(max_size);
  if (ids == 0) return 0;
  return std::max<size_t>(
      1, std::min((ids + k - 1) / k, ids / MinClusterSize(max_size)));
}

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CLUSTER_SIZE_H_
