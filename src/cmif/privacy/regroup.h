// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_REGROUP_H_
#define CMIF_PRIVACY_REGROUP_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// Classes of kinds are numbered from here; the caller's own stay below.
inline constexpr int32_t kFirstKindClass = 1 << 20;

// What a policy makes of a clustering.
struct RegroupRequest {
  // One class per id, -1 for ids that are in no cluster; below
  // kFirstKindClass.
  std::span<const int32_t> class_of;
  // Ids that leave their clusters; those that are in none already do no harm.
  std::span<const int32_t> public_ids = {};
  // Disjoint lists of sensitive ids, disjoint from public_ids: each becomes a
  // class of its own (one for each class that its ids come from, so that no
  // word ever becomes a token of another class).
  std::span<const std::vector<int32_t>> kinds = {};
  int max_size = 20;  // K of clusters made here: 2 to kMaxClusterSize
  int threads = 0;    // 0: all hardware threads
};

struct Regrouped {
  Clustering clustering;
  // Per cluster: the class of its ids, or kFirstKindClass + n for the n-th
  // pair of kind and class, in order.
  std::vector<int32_t> class_of_cluster;
  // Per cluster: index into the request's kinds, or -1.
  std::vector<int32_t> kind_of_cluster;
};

// `base` without the public ids, the kinds clustered among themselves
// (BalancedClusters), the rest in its clusters, those that became too small
// repaired (RepairSmall): every cluster then has at least MinClusterSize(K)
// ids, or as many as its class has left, all of one class, and every id of
// `base` that is not public is in exactly one. Order: the classes of `base` as
// they first occur in it, then the kinds. With nothing public and no kind,
// `base` unchanged. Deterministic; a function of its arguments alone, which
// are public, and never of anyone's text.
// INVALID_ARGUMENT: sizes that do not fit together, an id out of range, a
// cluster of several classes, max_size out of range, a kind's id that is
// public or in no cluster, or that another kind has.
Result<Regrouped> Regroup(const Clustering& base, const RowMatrix& rows,
                          const RegroupRequest& request);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_REGROUP_H_
