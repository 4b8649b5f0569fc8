// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/bayes_attack.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cmif::eval {
namespace {

double PriorOf(std::span<const double> prior, int32_t id) {
  return prior.empty() ? 1.0 : prior[static_cast<size_t>(id)];
}

// The cluster's priors; all 1 where it has no mass.
std::vector<double> ClusterPrior(std::span<const int32_t> ids,
                                 std::span<const double> prior) {
  std::vector<double> values;
  for (const int32_t id : ids) values.push_back(PriorOf(prior, id));
  if (std::ranges::all_of(values, [](double v) { return v == 0; })) {
    std::ranges::fill(values, 1.0);
  }
  return values;
}

}  // namespace

double PosteriorBound(double prior, double epsilon) {
  // Divided by e^eps, so that nothing overflows.
  return prior / (prior + (1 - prior) * std::exp(-epsilon));
}

double LargestPrior(std::span<const int32_t> ids,
                    std::span<const double> prior) {
  const std::vector<double> values = ClusterPrior(ids, prior);
  return std::ranges::max(values) /
         std::accumulate(values.begin(), values.end(), 0.0);
}

double BayesAttacker::AddCluster(std::span<const int32_t> ids,
                                 std::span<const uint32_t> weights,
                                 std::span<const double> values) {
  const size_t k = ids.size();
  const double most = std::ranges::max(values);
  const auto equals = static_cast<double>(std::ranges::count(values, most));
  for (size_t x = 0; x < k; ++x) {
    by_cluster_[static_cast<size_t>(ids[x])] =
        values[x] == most ? 1 / equals : 0;
  }
  if (k == 1) return values[0];
  double success = 0;
  for (size_t y = 0; y < k; ++y) {
    size_t best = 0;
    const auto joint = [&](size_t x) {
      return values[x] * weights[x * k + y] * 0x1p-32;
    };
    for (size_t x = 1; x < k; ++x) {
      if (joint(x) > joint(best)) best = x;
    }
    guess_[static_cast<size_t>(ids[y])] = ids[best];
    success += joint(best);
  }
  return success;
}

Result<BayesAttacker> BayesAttacker::Create(const privacy::Channel& channel,
                                            std::span<const double> prior) {
  const privacy::Clustering& clustering = channel.clustering();
  if (channel.spec().adjacency != privacy::Adjacency::kCluster) {
    return Unimplemented("attacks know channels of adjacency cluster alone");
  }
  const auto size = static_cast<size_t>(clustering.vocabulary_size());
  if (!prior.empty() && prior.size() != size) {
    return InvalidArgument("a prior needs one value for each id");
  }
  for (const double value : prior) {
    if (!(value >= 0) || !std::isfinite(value)) {
      return InvalidArgument("a prior's values are finite and not negative");
    }
  }
  BayesAttacker attacker;
  attacker.guess_.resize(size);
  std::iota(attacker.guess_.begin(), attacker.guess_.end(), 0);
  attacker.by_cluster_.assign(size, 1.0);
  double total = 0;
  for (size_t c = 0; c < clustering.clusters().size(); ++c) {
    const auto& ids = clustering.clusters()[c];
    double mass = 0;
    for (const int32_t id : ids) mass += PriorOf(prior, id);
    const double success = attacker.AddCluster(ids, channel.tables()[c].weights,
                                               ClusterPrior(ids, prior));
    if (mass > 0) attacker.success_ += success;
    total += mass;
  }
  if (total > 0) attacker.success_ /= total;
  return attacker;
}

double MeanBound(const privacy::Channel& channel,
                 std::span<const int32_t> words, std::span<const double> prior,
                 int draws) {
  const auto& clusters = channel.clustering().clusters();
  std::vector<double> bounds(clusters.size(), -1);
  double sum = 0;
  uint64_t count = 0;
  for (const int32_t word : words) {
    const int cluster = channel.clustering().cluster_of(word);
    if (cluster < 0) continue;
    const auto c = static_cast<size_t>(cluster);
    if (bounds[c] < 0) {
      const double loss =
          static_cast<double>(channel.tables()[c].loss_micro) / 1e6;
      bounds[c] =
          PosteriorBound(LargestPrior(clusters[c], prior), draws * loss);
    }
    sum += bounds[c];
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::vector<double> Frequencies(std::span<const int32_t> words,
                                int vocabulary_size) {
  std::vector<double> counts(static_cast<size_t>(vocabulary_size), 0);
  for (const int32_t word : words) counts[static_cast<size_t>(word)] += 1;
  return counts;
}

AttackResult AttackWords(const std::string& name, const BayesAttacker& attacker,
                         const privacy::Channel& channel,
                         const privacy::Sampler& sampler,
                         std::span<const int32_t> words,
                         std::span<const double> prior, int rounds,
                         InsecureSeededRandom& random) {
  AttackResult result{.name = name, .interval = {}};
  double by_cluster = 0;
  uint64_t attacked = 0;
  for (const int32_t word : words) {
    if (sampler.IsPublic(word)) continue;
    ++attacked;
    by_cluster += attacker.ByClusterAlone(word);
    for (int round = 0; round < rounds; ++round) {
      ++result.trials;
      const int32_t output = sampler.Draw(word, random);
      if (attacker.Guess(output) == word) ++result.hits;
    }
  }
  result.interval = ClopperPearson(result.hits, result.trials, 0.05);
  if (attacked > 0) {
    result.by_cluster_alone = by_cluster / static_cast<double>(attacked);
  }
  result.bound = MeanBound(channel, words, prior, 1);
  result.bound_of_text =
      MeanBound(channel, words,
                Frequencies(words, channel.clustering().vocabulary_size()), 1);
  return result;
}

}  // namespace cmif::eval
