// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_DEPLOYED_ROWS_H_
#define CMIF_EVAL_DEPLOYED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cmif/privacy/channel.h"

namespace cmif::eval {

// What the adjacency of a channel leaves public of a word: its cluster
// (kCluster), or its class (kTwoLevel, kMixture). Every output is of the group
// of its input.
struct Group {
  std::vector<int32_t> clusters;  // indices into the clustering, ascending
  size_t words = 0;
  double loss = 0;  // eps* of the group, certified; nats
};

// P(y|x) as it is deployed, all stages of the channel together. Within a
// cluster it is a table; for outputs in another cluster of the group it is the
// same for every word that is not of that cluster, so that one row says it
// (privacy/class_level.h). Immutable; thread-safe. The channel must outlive it.
class DeployedRows {
 public:
  struct Cluster {
    size_t group = 0;
    std::span<const int32_t> ids;
    // P(y|x) for x, y of this cluster: k x k, row after row.
    std::vector<double> inside;
    // P(y|x) for y of this cluster, x of another one of the group; empty where
    // there is none.
    std::vector<double> outside;

    std::span<const double> Row(size_t x) const {
      return std::span(inside).subspan(x * ids.size(), ids.size());
    }
  };

  explicit DeployedRows(const privacy::Channel& channel);

  const privacy::Channel& channel() const { return channel_; }
  const privacy::Clustering& clustering() const {
    return channel_.clustering();
  }
  // In the order of the clustering.
  const std::vector<Cluster>& clusters() const { return clusters_; }
  const std::vector<Group>& groups() const { return groups_; }

  // -1 for public ids.
  int GroupOf(int32_t id) const;
  // All words of a group, cluster after cluster.
  std::vector<int32_t> WordsOf(const Group& group) const;
  // Precondition: x and y are words of one group.
  double Probability(int32_t y, int32_t x) const;

 private:
  void AddGroup(Group group);
  Cluster MakeCluster(size_t cluster) const;

  const privacy::Channel& channel_;
  std::vector<Cluster> clusters_;
  std::vector<Group> groups_;
};

}  // namespace cmif::eval

#endif  // CMIF_EVAL_DEPLOYED_ROWS_H_
