// SPDX-License-Identifier: Apache-2.0
// Clusterings of a vocabulary from its rows: a public function of the model.
#ifndef CMIF_PRIVACY_BALANCED_H_
#define CMIF_PRIVACY_BALANCED_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

struct BalancedOptions {
  int max_size = 20;  // K: 2 to kMaxClusterSize
  int threads = 0;    // 0: all hardware threads
  int sweeps = 24;    // at most this many passes of refinement; 0: none
  // How often each id occurs: the most frequent ones choose first (ties: the
  // lower id). Empty: in order of their ids.
  std::span<const double> counts = {};
};

// Greedy clusters: per class, ids in order, the first unused one with its
// nearest unused ones (CUSTEXT's fill, with even sizes). `class_of` has one
// entry per id, -1 for public ids; ids of different classes never meet.
// `fixed` clusters are kept as they are and come first; the n other ids of a
// class form ClusterCount(n, K) clusters whose sizes differ by at most one, in
// order of class number. Within those, ids ascend. Deterministic on one
// machine, whatever the number of threads. `progress` runs from 0 to 1.
// INVALID_ARGUMENT: class_of or counts is not one entry per row, a count is
// negative or not finite, max_size out of range, or (naming its index) a fixed
// cluster that is empty, above 256 ids, repeats an id, has one out of range or
// ids of two classes or of none.
Result<Clustering> GreedyClusters(
    const RowMatrix& rows, std::span<const int32_t> class_of,
    const std::vector<std::vector<int32_t>>& fixed,
    const BalancedOptions& options, const ProgressFn& progress = {});

// The same, then refined by swaps that raise the sum over clusters of
// |sum of rows|^2, which for given sizes is the mean within-cluster cosine.
Result<Clustering> BalancedClusters(
    const RowMatrix& rows, std::span<const int32_t> class_of,
    const std::vector<std::vector<int32_t>>& fixed,
    const BalancedOptions& options, const ProgressFn& progress = {});

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_BALANCED_H_
