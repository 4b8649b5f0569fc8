// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/deployed_rows.h"

#include <utility>

namespace cmif::eval {

using privacy::Adjacency;

DeployedRows::DeployedRows(const privacy::Channel& channel)
    : channel_(channel) {
  const size_t clusters = clustering().clusters().size();
  for (size_t c = 0; c < clusters; ++c) clusters_.push_back(MakeCluster(c));
  if (channel.spec().adjacency == Adjacency::kCluster) {
    for (size_t c = 0; c < clusters; ++c) {
      AddGroup(
          {.clusters = {static_cast<int32_t>(c)},
           .words = clusters_[c].ids.size(),
           .loss = static_cast<double>(channel.tables()[c].loss_micro) / 1e6});
    }
    return;
  }
  for (const privacy::ClassLevel& level : channel.levels()) {
    const privacy::ClassStage stage =
        privacy::StageOf(level, channel.spec().adjacency);
    for (const int32_t c : level.clusters) {
      Cluster& cluster = clusters_[static_cast<size_t>(c)];
      const auto representative = static_cast<size_t>(
          channel.representatives()[static_cast<size_t>(c)]);
      if (level.clusters.size() > 1) {
        for (const double p : cluster.Row(representative)) {
          cluster.outside.push_back(stage.elsewhere * p + stage.any_word);
        }
      }
      for (double& p : cluster.inside) p = stage.keep * p + stage.any_word;
    }
    AddGroup({.clusters = level.clusters,
              .words = level.words,
              .loss = static_cast<double>(level.loss_micro) / 1e6});
  }
}

void DeployedRows::AddGroup(Group group) {
  for (const int32_t c : group.clusters) {
    clusters_[static_cast<size_t>(c)].group = groups_.size();
  }
  groups_.push_back(std::move(group));
}

// Its table alone.
DeployedRows::Cluster DeployedRows::MakeCluster(size_t cluster) const {
  Cluster made{.group = 0,
               .ids = clustering().clusters()[cluster],
               .inside = {},
               .outside = {}};
  for (const uint32_t weight : channel_.tables()[cluster].weights) {
    made.inside.push_back(weight * 0x1p-32);
  }
  if (made.ids.size() == 1) made.inside = {1.0};
  return made;
}

int DeployedRows::GroupOf(int32_t id) const {
  const int cluster = clustering().cluster_of(id);
  return cluster < 0
             ? -1
             : static_cast<int>(clusters_[static_cast<size_t>(cluster)].group);
}

std::vector<int32_t> DeployedRows::WordsOf(const Group& group) const {
  std::vector<int32_t> words;
  for (const int32_t c : group.clusters) {
    const auto ids = clusters_[static_cast<size_t>(c)].ids;
    words.insert(words.end(), ids.begin(), ids.end());
  }
  return words;
}

double DeployedRows::Probability(int32_t y, int32_t x) const {
  const Cluster& cluster =
      clusters_[static_cast<size_t>(clustering().cluster_of(y))];
  const auto column = static_cast<size_t>(clustering().position_in_cluster(y));
  if (clustering().cluster_of(x) != clustering().cluster_of(y)) {
    return cluster.outside[column];
  }
  return cluster.Row(
      static_cast<size_t>(clustering().position_in_cluster(x)))[column];
}

}  // namespace cmif::eval
