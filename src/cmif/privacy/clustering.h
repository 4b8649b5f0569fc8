// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_CLUSTERING_H_
#define CMIF_PRIVACY_CLUSTERING_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::privacy {

inline constexpr int kMaxClusterSize = 256;
// Bounds what a hostile file can make us allocate (three times this in words).
inline constexpr int kMaxVocabulary = 1 << 22;

// A partition of the sensitive ids of a vocabulary; ids in no cluster are
// public. A public function of the model, never of anyone's text. Immutable:
// concurrent use is fine.
class Clustering {
 public:
  // The clusters keep their order and their members' order.
  // INVALID_ARGUMENT, naming the cluster's index, unless every cluster has 1
  // to kMaxClusterSize ids of [0, vocabulary_size) and no id occurs twice, and
  // 1 <= vocabulary_size <= kMaxVocabulary.
  static Result<Clustering> Create(int vocabulary_size,
                                   std::vector<std::vector<int32_t>> clusters);

  int vocabulary_size() const { return static_cast<int>(cluster_of_.size()); }
  const std::vector<std::vector<int32_t>>& clusters() const {
    return clusters_;
  }
  // -1 for public ids and for ids outside the vocabulary.
  int cluster_of(int32_t id) const {
    return InRange(id) ? cluster_of_[static_cast<size_t>(id)] : -1;
  }
  // Index within its cluster; 0 where cluster_of() is -1.
  int position_in_cluster(int32_t id) const {
    return InRange(id) ? position_[static_cast<size_t>(id)] : 0;
  }
  // log2 of the number of clusters: what the cluster identity, which no
  // channel hides, tells at most, in bits. 0 without clusters.
  double ClusterBits() const;

  // Versioned, little-endian: "CMIFCLUS", u32 version, u32 vocabulary size,
  // u32 number of clusters, one byte (size - 1) per cluster, u32 ids.
  std::vector<uint8_t> ToBytes() const;
  // DATA_LOSS for anything that ToBytes() does not write; safe on hostile
  // bytes: lengths are checked before anything is allocated.
  static Result<Clustering> FromBytes(std::span<const uint8_t> bytes);

 private:
  Clustering() = default;
  bool InRange(int32_t id) const {
    return id >= 0 && static_cast<size_t>(id) < cluster_of_.size();
  }

  std::vector<std::vector<int32_t>> clusters_;
  std::vector<int32_t> cluster_of_;
  std::vector<uint8_t> position_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CLUSTERING_H_
