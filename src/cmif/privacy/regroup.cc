// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/regroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cmif/privacy/balanced.h"
#include "cmif/privacy/refine.h"
#include "cmif/privacy/repair.h"

namespace cmif::privacy {
namespace {

constexpr int32_t kRest = -1;     // stays in its cluster
constexpr int32_t kPublic = -2;   // leaves it
constexpr int32_t kOutside = -3;  // was in none

Result<void> CheckShapes(const Clustering& base, const RowMatrix& rows,
                         const RegroupRequest& request) {
  const auto size = static_cast<size_t>(base.vocabulary_size());
  if (request.class_of.size() != size ||
      static_cast<size_t>(rows.rows) != size) {
    return InvalidArgument(
        fmt::format("{} classes and {} rows for clusters of {} ids",
                    request.class_of.size(), rows.rows, size));
  }
  if (request.max_size < 2 || request.max_size > kMaxClusterSize) {
    return InvalidArgument(fmt::format("clusters of at most {} words; 2 to {}",
                                       request.max_size, kMaxClusterSize));
  }
  for (size_t c = 0; c < base.clusters().size(); ++c) {
    const auto& ids = base.clusters()[c];
    const auto class_of = [&](int32_t id) {
      return request.class_of[static_cast<size_t>(id)];
    };
    const int32_t first = class_of(ids[0]);
    if (first < 0 || first >= kFirstKindClass ||
        std::ranges::any_of(
            ids, [&](int32_t id) { return class_of(id) != first; })) {
      return InvalidArgument(
          fmt::format("cluster {} is not of one class from 0 to {}", c,
                      kFirstKindClass - 1));
    }
  }
  return {};
}

// What becomes of every id: kRest, kPublic, kOutside, or the index of its kind.
Result<std::vector<int32_t>> Fates(const Clustering& base,
                                   const RegroupRequest& request) {
  const int size = base.vocabulary_size();
  std::vector<int32_t> fate(static_cast<size_t>(size), kOutside);
  for (const auto& ids : base.clusters()) {
    for (const int32_t id : ids) fate[static_cast<size_t>(id)] = kRest;
  }
  for (const int32_t id : request.public_ids) {
    if (id < 0 || id >= size) {
      return InvalidArgument("a public id is outside the vocabulary");
    }
    int32_t& own = fate[static_cast<size_t>(id)];
    if (own == kRest) own = kPublic;
  }
  for (size_t k = 0; k < request.kinds.size(); ++k) {
    for (const int32_t id : request.kinds[k]) {
      if (id < 0 || id >= size || fate[static_cast<size_t>(id)] != kRest) {
        return InvalidArgument(fmt::format(
            "kind {} has an id that is public, in no cluster, or repeated", k));
      }
      fate[static_cast<size_t>(id)] = static_cast<int32_t>(k);
    }
  }
  return fate;
}

struct Groups {
  Clusters clusters;
  std::vector<int32_t> class_of_cluster;
  std::vector<int32_t> kind_of_cluster;

  void Add(Clusters added, int32_t its_class, int32_t kind) {
    for (auto& ids : added) {
      clusters.push_back(std::move(ids));
      class_of_cluster.push_back(its_class);
      kind_of_cluster.push_back(kind);
    }
  }
};

// The rest of every class, repaired.
void AddRest(const Clustering& base, const RowMatrix& rows,
             const RegroupRequest& request, const std::vector<int32_t>& fate,
             Groups& groups) {
  std::vector<int32_t> order;  // classes as they first occur
  std::map<int32_t, Clusters> classes;
  for (const auto& ids : base.clusters()) {
    const int32_t its_class = request.class_of[static_cast<size_t>(ids[0])];
    const auto [found, fresh] = classes.try_emplace(its_class);
    if (fresh) order.push_back(its_class);
    std::vector<int32_t> kept;
    std::ranges::copy_if(ids, std::back_inserter(kept), [&](int32_t id) {
      return fate[static_cast<size_t>(id)] == kRest;
    });
    if (!kept.empty()) found->second.push_back(std::move(kept));
  }
  for (const int32_t its_class : order) {
    groups.Add(
        RepairSmall(rows, request.max_size, std::move(classes[its_class])),
        its_class, -1);
  }
}

// The kinds: one class for each pair of kind and class.
Result<void> AddKinds(const RowMatrix& rows, const RegroupRequest& request,
                      Groups& groups) {
  std::vector<int32_t> pair_of(request.class_of.size(), -1);
  std::vector<int32_t> kind_of_pair;
  for (size_t k = 0; k < request.kinds.size(); ++k) {
    std::map<int32_t, int32_t> pairs;  // class -> pair
    for (const int32_t id : request.kinds[k]) {
      pairs.try_emplace(request.class_of[static_cast<size_t>(id)]);
    }
    for (auto& [unused_class, pair] : pairs) {
      pair = static_cast<int32_t>(kind_of_pair.size());
      kind_of_pair.push_back(static_cast<int32_t>(k));
    }
    for (const int32_t id : request.kinds[k]) {
      const auto i = static_cast<size_t>(id);
      pair_of[i] = pairs[request.class_of[i]];
    }
  }
  BalancedOptions options;
  options.max_size = request.max_size;
  options.threads = request.threads;
  CMIF_ASSIGN(const Clustering kinds,
              BalancedClusters(rows, pair_of, {}, options));
  for (const auto& ids : kinds.clusters()) {
    const int32_t pair = pair_of[static_cast<size_t>(ids[0])];
    groups.Add({ids}, kFirstKindClass + pair,
               kind_of_pair[static_cast<size_t>(pair)]);
  }
  return {};
}

Regrouped Unchanged(const Clustering& base, const RegroupRequest& request) {
  Regrouped result{base, {}, {}};
  for (const auto& ids : base.clusters()) {
    result.class_of_cluster.push_back(
        request.class_of[static_cast<size_t>(ids[0])]);
  }
  result.kind_of_cluster.assign(base.clusters().size(), -1);
  return result;
}

}  // namespace

Result<Regrouped> Regroup(const Clustering& base, const RowMatrix& rows,
                          const RegroupRequest& request) {
  CMIF_TRY(CheckShapes(base, rows, request));
  CMIF_ASSIGN(const std::vector<int32_t> fate, Fates(base, request));
  if (std::ranges::all_of(
          fate, [](int32_t f) { return f == kRest || f == kOutside; })) {
    return Unchanged(base, request);
  }
  Groups groups;
  AddRest(base, rows, request, fate, groups);
  CMIF_TRY(AddKinds(rows, request, groups));
  CMIF_ASSIGN(
      Clustering clustering,
      Clustering::Create(base.vocabulary_size(), std::move(groups.clusters)));
  return Regrouped{std::move(clustering), std::move(groups.class_of_cluster),
                   std::move(groups.kind_of_cluster)};
}

}  // namespace cmif::privacy
