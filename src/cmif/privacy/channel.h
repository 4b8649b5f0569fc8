// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_CHANNEL_H_
#define CMIF_PRIVACY_CHANNEL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// A certified table for every cluster of a clustering: the deployed mechanism
// is exactly this. A Channel exists only if CertifyTable() passed each of its
// tables for epsilon(). Immutable: concurrent use is fine.
class Channel {
 public:
  // One table per cluster, in order; an empty one (no weights) for clusters of
  // one word. INVALID_ARGUMENT: null clustering, wrong number or shape of
  // tables, a scale that is negative or not finite, or an unknown mechanism.
  // FAILED_PRECONDITION, naming the cluster: a table that does not certify.
  // The tables' loss_micro is computed here, whatever it says.
  static Result<Channel> Create(std::shared_ptr<const Clustering> clustering,
                                std::string_view mechanism, Epsilon epsilon,
                                bool calibrated,
                                std::vector<ClusterTable> tables);

  const std::string& mechanism() const { return mechanism_; }
  Epsilon epsilon() const { return epsilon_; }  // as asked
  bool calibrated() const { return calibrated_; }
  const Clustering& clustering() const { return *clustering_; }
  const std::shared_ptr<const Clustering>& shared_clustering() const {
    return clustering_;
  }
  // Per cluster: weights (row-major, k x k; empty where k = 1), scale, loss.
  const std::vector<ClusterTable>& tables() const { return tables_; }

  // eps* of the vocabulary: the largest loss of a cluster, in micro-eps.
  uint64_t epsilon_certified_micro() const { return certified_micro_; }
  // Clusters of two or more words whose output says nothing of the input.
  int clusters_at_zero() const { return clusters_at_zero_; }
  // Clusters of one word: the cluster identity, which is public, is the word.
  int revealed_words() const { return revealed_words_; }

  // Versioned, little-endian: "CMIFCHAN", u32 version, u64 fingerprint of the
  // clustering, u64 epsilon in micro, u8 calibrated, u8 length and name of the
  // mechanism, f64 scale per cluster, u32 weights of each cluster.
  std::vector<uint8_t> ToBytes() const;
  // DATA_LOSS for a file that is truncated, too long or malformed;
  // FAILED_PRECONDITION for one of another clustering or whose row sums,
  // weights or eps* do not hold. Safe on hostile bytes.
  static Result<Channel> FromBytes(
      std::span<const uint8_t> bytes,
      const std::shared_ptr<const Clustering>& clustering);

 private:
  explicit Channel(Epsilon epsilon) : epsilon_(epsilon) {}

  std::shared_ptr<const Clustering> clustering_;
  std::string mechanism_;
  Epsilon epsilon_;
  bool calibrated_ = false;
  std::vector<ClusterTable> tables_;
  uint64_t certified_micro_ = 0;
  int clusters_at_zero_ = 0;
  int revealed_words_ = 0;
};

// Fills every cluster's table from the cosine utilities of `rows` (one row per
// id of the vocabulary). Deterministic whatever `threads` (0: all). Errors:
// FindMechanism()'s, Mechanism::Fill()'s, INVALID_ARGUMENT where rows and
// vocabulary differ. Cost: docs of bench; seconds for 49,152 words, K = 20.
Result<Channel> BuildChannel(std::shared_ptr<const Clustering> clustering,
                             const RowMatrix& rows, std::string_view mechanism,
                             Epsilon epsilon, bool calibrate, int threads,
                             const ProgressFn& progress = {});

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CHANNEL_H_
