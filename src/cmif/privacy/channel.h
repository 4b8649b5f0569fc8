// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_CHANNEL_H_
#define CMIF_PRIVACY_CHANNEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/privacy/class_level.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// What a channel is asked to be.
struct ChannelSpec {
  std::string mechanism = "rnm-laplace";
  // Of a word within its cluster; for kMixture, of a word within its class.
  Epsilon epsilon;
  bool calibrate = true;
  bool hub_cap = true;  // FillOptions::hub_cap
  Adjacency adjacency = Adjacency::kCluster;
  // kTwoLevel, and only there: of the cluster within its class.
  std::optional<Epsilon> epsilon_cluster = std::nullopt;

  bool operator==(const ChannelSpec&) const = default;
};

// What it is made over. Vectors may be empty: then there is one class, and
// spec.epsilon everywhere.
struct ChannelDomain {
  std::shared_ptr<const Clustering> clustering;
  std::vector<int32_t> class_of_cluster = {};  // one number per cluster
  // Per cluster, in micro-eps; 0: spec.epsilon. One value a class.
  std::vector<uint64_t> epsilon_micro_of_cluster = {};
};

// A certified table for every cluster of a clustering: the deployed mechanism
// is exactly this. A Channel exists only if CertifyTable() passed each of its
// tables, and each class holds its epsilon. Immutable: concurrent use is fine.
class Channel {
 public:
  // One table per cluster, in order; an empty one (no weights) for clusters of
  // one word. INVALID_ARGUMENT: null clustering, fewer than two words in it,
  // wrong number or shape of tables, a scale that is negative or not finite,
  // an unknown mechanism, an epsilon_cluster without kTwoLevel or none with it.
  // FAILED_PRECONDITION, naming the cluster: a table that does not certify.
  // The tables' loss_micro is computed here, whatever it says.
  static Result<Channel> Create(ChannelSpec spec, ChannelDomain domain,
                                std::vector<ClusterTable> tables);

  const ChannelSpec& spec() const { return spec_; }
  const std::string& mechanism() const { return spec_.mechanism; }
  Epsilon epsilon() const { return spec_.epsilon; }  // as asked
  const Clustering& clustering() const { return *domain_.clustering; }
  const ChannelDomain& domain() const { return domain_; }
  // Per cluster: weights (row-major, k x k; empty where k = 1), utilities,
  // scale, loss.
  const std::vector<ClusterTable>& tables() const { return tables_; }
  // What was asked for this cluster.
  Epsilon EpsilonOf(size_t cluster) const;
  // One per class, in order of class number; none for kCluster.
  const std::vector<ClassLevel>& levels() const { return levels_; }
  // Position of each cluster's representative (its medoid: the word of the
  // largest sum of utilities, the first of equals).
  const std::vector<int32_t>& representatives() const {
    return representatives_;
  }

  // eps* of the vocabulary under its adjacency: the largest loss of a cluster
  // or of a class, in micro-eps.
  uint64_t epsilon_certified_micro() const { return certified_micro_; }
  // log2 of the number of things that the adjacency leaves public: clusters,
  // or classes.
  double PublicBits() const;
  // Clusters of two or more words whose output says nothing of the input.
  int clusters_at_zero() const { return clusters_at_zero_; }
  // Words that stand alone in their cluster (kCluster) or class: what is
  // public says which word it is.
  int revealed_words() const { return revealed_words_; }
  bool IsRevealed(int32_t id) const;

  // docs/channel-format.md.
  std::vector<uint8_t> ToBytes() const;
  // DATA_LOSS for a file that is truncated, too long or malformed;
  // FAILED_PRECONDITION for one whose row sums, weights or eps* do not hold.
  // Safe on hostile bytes.
  static Result<Channel> FromBytes(std::span<const uint8_t> bytes);

 private:
  Channel(ChannelSpec spec, ChannelDomain domain)
      : spec_(std::move(spec)), domain_(std::move(domain)) {}
  Result<void> AcceptTables(std::vector<ClusterTable> tables);
  Result<void> MakeLevels();

  ChannelSpec spec_;
  ChannelDomain domain_;
  std::vector<ClusterTable> tables_;
  std::vector<int32_t> representatives_;
  std::vector<ClassLevel> levels_;
  uint64_t certified_micro_ = 0;
  int clusters_at_zero_ = 0;
  int revealed_words_ = 0;
};

// Fills every cluster's table from the cosine utilities of `rows` (one row per
// id of the vocabulary) and `prior` (one weight >= 0 per id, or empty: the
// uniform one). Deterministic whatever `threads` (0: all). Errors:
// FindMechanism()'s, Mechanism::Fill()'s, INVALID_ARGUMENT where rows, prior
// and vocabulary differ. Cost: docs of bench; seconds for 49,152 words, K = 20.
Result<Channel> BuildChannel(ChannelSpec spec, ChannelDomain domain,
                             const RowMatrix& rows,
                             std::span<const double> prior, int threads,
                             const ProgressFn& progress = {});

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CHANNEL_H_
