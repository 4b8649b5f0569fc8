// SPDX-License-Identifier: Apache-2.0
// The two steps of clustering one class of words; balanced.h is the entrance.
#ifndef CMIF_PRIVACY_REFINE_H_
#define CMIF_PRIVACY_REFINE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

using Clusters = std::vector<std::vector<int32_t>>;

// Clusters of `ids` (rows of the matrix, in the order in which they may choose
// their neighbours): ClusterCount(n, max_size) of sizes that differ by at most
// one, each the first unused id and its nearest unused ones by Euclidean
// distance (for unit rows: by cosine), ties to the earlier id; within a
// cluster, ids ascend. Deterministic whatever `threads` >= 1.
Clusters FillGreedily(const RowMatrix& rows, std::span<const int32_t> ids,
                      int max_size, int threads, const ProgressFn& progress);

// Swaps words between `clusters` (disjoint, non-empty) to raise the sum of
// |sum of rows|^2: half of the sweeps (passes over all words) as simulated
// annealing with fixed "randomness", the rest, until one gains less than 1e-4
// of it, as plain ascent. Sizes stay. Same result for any `threads`.
void RefineBySwaps(const RowMatrix& rows, int sweeps, int threads,
                   Clusters& clusters, const ProgressFn& progress);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_REFINE_H_
