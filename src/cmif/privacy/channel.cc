// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

std::string ClusterName(size_t cluster) {
  return fmt::format("cluster {}", cluster);
}

// Certifies one table and sets its loss.
Result<void> AcceptTable(size_t words, Epsilon epsilon, ClusterTable& table) {
  if (!std::isfinite(table.scale) || table.scale < 0) {
    return InvalidArgument("the noise scale is negative or not finite");
  }
  table.loss_micro = 0;
  if (words == 1) {
    if (table.weights.empty() && table.utilities.empty()) return {};
    return InvalidArgument("a cluster of one word has no table");
  }
  CMIF_TRY(CertifyTable(table.weights, static_cast<int>(words), epsilon));
  if (table.utilities.empty()) table.utilities.resize(words * words);
  if (table.utilities.size() != words * words) {
    return InvalidArgument("the utilities are not those of the cluster");
  }
  if (!InUnitInterval(table.utilities)) {
    return InvalidArgument("a utility is outside [0, 1]");
  }
  table.loss_micro = LossMicro(table.weights, static_cast<int>(words));
  return {};
}

int32_t Medoid(const ClusterTable& table, size_t k) {
  if (k == 1) return 0;
  const std::vector<double> equal(k, 1.0);
  return static_cast<int32_t>(MedoidOf(table.utilities, equal));
}

// What a cluster's entry of epsilon_micro_of_cluster asks for; 0 or a valid
// epsilon.
Epsilon EpsilonOr(uint64_t micro, Epsilon otherwise) {
  return micro == 0 ? otherwise : *Epsilon::FromMicro(micro);
}

Result<void> CheckDomain(const ChannelSpec& spec, ChannelDomain& domain) {
  if (!domain.clustering) return InvalidArgument("a channel needs clusters");
  const size_t clusters = domain.clustering->clusters().size();
  size_t words = 0;
  for (const auto& ids : domain.clustering->clusters()) words += ids.size();
  if (words < 2) {
    return InvalidArgument(
        "a channel needs two words or more that are not public: one alone has "
        "nothing to be hidden among");
  }
  if (domain.class_of_cluster.empty()) {
    domain.class_of_cluster.assign(clusters, 0);
  }
  if (domain.epsilon_micro_of_cluster.empty()) {
    domain.epsilon_micro_of_cluster.assign(clusters, 0);
  }
  if (domain.class_of_cluster.size() != clusters ||
      domain.epsilon_micro_of_cluster.size() != clusters) {
    return InvalidArgument("classes and epsilons are given per cluster");
  }
  for (const uint64_t micro : domain.epsilon_micro_of_cluster) {
    if (micro != 0) CMIF_TRY(Epsilon::FromMicro(micro));
  }
  const bool two_level = spec.adjacency == Adjacency::kTwoLevel;
  if (spec.epsilon_cluster.has_value() != two_level) {
    return InvalidArgument(
        "an epsilon of clusters goes with the adjacency two-level, and only "
        "with it");
  }
  CMIF_TRY(FindMechanism(spec.mechanism));
  return {};
}

Result<ClusterTable> FillCluster(const Mechanism& mechanism,
                                 const RowMatrix& rows,
                                 std::span<const int32_t> ids,
                                 std::span<const double> prior,
                                 FillOptions options) {
  const ClusterUtilities utilities = CosineUtilities(rows, ids);
  std::vector<double> own_prior;
  if (!prior.empty()) {
    for (const int32_t id : ids) {
      own_prior.push_back(prior[static_cast<size_t>(id)]);
    }
  }
  // Words that the prior has never seen: nothing tells them apart.
  if (std::ranges::any_of(own_prior, [](double p) { return p != 0; })) {
    options.prior = own_prior;
  }
  CMIF_ASSIGN(ClusterTable table, mechanism.Fill(utilities, options));
  table.utilities.assign(utilities.values.begin(), utilities.values.end());
  return table;
}

}  // namespace

Result<Channel> Channel::Create(ChannelSpec spec, ChannelDomain domain,
                                std::vector<ClusterTable> tables) {
  CMIF_TRY(CheckDomain(spec, domain));
  Channel channel(std::move(spec), std::move(domain));
  CMIF_TRY(channel.AcceptTables(std::move(tables)));
  CMIF_TRY(channel.MakeLevels());
  return channel;
}

Epsilon Channel::EpsilonOf(size_t cluster) const {
  return EpsilonOr(domain_.epsilon_micro_of_cluster[cluster], spec_.epsilon);
}

Result<void> Channel::AcceptTables(std::vector<ClusterTable> tables) {
  const auto& clusters = clustering().clusters();
  if (tables.size() != clusters.size()) {
    return InvalidArgument("a channel needs one table per cluster");
  }
  for (size_t c = 0; c < tables.size(); ++c) {
    const size_t words = clusters[c].size();
    if (auto held = AcceptTable(words, EpsilonOf(c), tables[c]); !held) {
      return std::unexpected(held.error().At(ClusterName(c)));
    }
    const uint64_t loss = tables[c].loss_micro;
    certified_micro_ = std::max(certified_micro_, loss);
    revealed_words_ += words == 1 ? 1 : 0;
    clusters_at_zero_ += words > 1 && loss == 0 ? 1 : 0;
    representatives_.push_back(Medoid(tables[c], words));
  }
  tables_ = std::move(tables);
  return {};
}

Result<void> Channel::MakeLevels() {
  if (spec_.adjacency == Adjacency::kCluster) return {};
  std::map<int32_t, std::vector<int32_t>> classes;
  for (size_t c = 0; c < tables_.size(); ++c) {
    classes[domain_.class_of_cluster[c]].push_back(static_cast<int32_t>(c));
  }
  const ClassLevelInput input{clustering(), tables_, representatives_};
  certified_micro_ = 0;
  revealed_words_ = 0;
  for (auto& [number, clusters] : classes) {
    const Epsilon epsilon = EpsilonOf(static_cast<size_t>(clusters[0]));
    for (const int32_t c : clusters) {
      if (EpsilonOf(static_cast<size_t>(c)) == epsilon) continue;
      return InvalidArgument(
          fmt::format("class {} has clusters of different epsilon", number));
    }
    if (spec_.adjacency == Adjacency::kMixture) {
      levels_.push_back(Mixture(input, std::move(clusters), epsilon));
    } else {
      CMIF_ASSIGN(ClassLevel level, TwoLevel(input, std::move(clusters),
                                             epsilon, *spec_.epsilon_cluster));
      levels_.push_back(std::move(level));
    }
    certified_micro_ = std::max(certified_micro_, levels_.back().loss_micro);
    revealed_words_ += levels_.back().words == 1 ? 1 : 0;
  }
  return {};
}

double Channel::PublicBits() const {
  if (spec_.adjacency == Adjacency::kCluster) return clustering().ClusterBits();
  return levels_.empty() ? 0 : std::log2(static_cast<double>(levels_.size()));
}

bool Channel::IsRevealed(int32_t id) const {
  const int cluster = clustering().cluster_of(id);
  if (cluster < 0) return false;
  if (clustering().clusters()[static_cast<size_t>(cluster)].size() > 1) {
    return false;
  }
  return std::ranges::none_of(levels_, [&](const ClassLevel& level) {
    return level.words > 1 &&
           std::ranges::binary_search(level.clusters, cluster);
  });
}

Result<Channel> BuildChannel(ChannelSpec spec, ChannelDomain domain,
                             const RowMatrix& rows,
                             std::span<const double> prior, int threads,
                             const ProgressFn& progress) {
  CMIF_TRY(CheckDomain(spec, domain));
  CMIF_ASSIGN(const Mechanism* const filler, FindMechanism(spec.mechanism));
  const auto vocabulary =
      static_cast<size_t>(domain.clustering->vocabulary_size());
  if (static_cast<size_t>(rows.rows) != vocabulary ||
      (!prior.empty() && prior.size() != vocabulary)) {
    return InvalidArgument("rows or prior are not those of the vocabulary");
  }
  const auto& clusters = domain.clustering->clusters();
  std::vector<ClusterTable> tables(clusters.size());
  std::vector<std::optional<Status>> failures(clusters.size());
  ParallelFor(
      clusters.size(), threads > 0 ? threads : HardwareThreads(),
      [&](size_t c) {
        if (clusters[c].size() < 2) return;
        const Epsilon epsilon =
            EpsilonOr(domain.epsilon_micro_of_cluster[c], spec.epsilon);
        auto table = FillCluster(*filler, rows, clusters[c], prior,
                                 {epsilon, spec.calibrate, spec.hub_cap, {}});
        if (table) {
          tables[c] = *std::move(table);
        } else {
          failures[c] = table.error().At(ClusterName(c));
        }
      },
      progress);
  for (auto& failure : failures) {
    if (failure) return std::unexpected(*std::move(failure));
  }
  return Channel::Create(std::move(spec), std::move(domain), std::move(tables));
}

}  // namespace cmif::privacy
