// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_REPAIR_H_
#define CMIF_PRIVACY_REPAIR_H_

#include <cstdint>
#include <vector>

#include "cmif/privacy/refine.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// Makes every cluster of ONE class as large as MinClusterSize(max_size), or as
// large as the class if that is smaller: the smallest one (of equals the
// first) is joined with the one whose centroid is nearest by cosine (ties: the
// first), and what is then larger than max_size falls into even, refined parts
// of ClusterCount(). Clusters that are large enough and that nothing joins stay
// as they are, in their order and in that of their members. Deterministic.
// Preconditions: disjoint non-empty clusters of rows of the matrix,
// 2 <= max_size <= 256.
// Pure; cost: (clusters too small) x (clusters) dot products.
Clusters RepairSmall(const RowMatrix& rows, int max_size, Clusters clusters);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_REPAIR_H_
