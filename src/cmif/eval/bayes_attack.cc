// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/bayes_attack.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace cmif::eval {
namespace {

double PriorOf(std::span<const double> prior, int32_t id) {
  return prior.empty() ? 1.0 : prior[static_cast<size_t>(id)];
}

// The words' priors; all 1 where they have no mass.
std::vector<double> PriorsOf(std::span<const int32_t> ids,
                             std::span<const double> prior) {
  std::vector<double> values;
  for (const int32_t id : ids) values.push_back(PriorOf(prior, id));
  if (std::ranges::all_of(values, [](double v) { return v == 0; })) {
    std::ranges::fill(values, 1.0);
  }
  return values;
}

// A word and prior(x) P(y|x).
struct Candidate {
  size_t place = 0;
  double joint = -1;
};

Candidate BestOfCluster(const DeployedRows::Cluster& cluster,
                        std::span<const double> priors, size_t y) {
  Candidate best;
  for (size_t x = 0; x < priors.size(); ++x) {
    const double joint = priors[x] * cluster.Row(x)[y];
    if (joint > best.joint) best = {x, joint};
  }
  return best;
}

// Of all words that are not of an output's cluster, and have one probability
// of it: the likeliest.
class Strangers {
 public:
  Strangers(const privacy::Clustering& clustering,
            std::span<const int32_t> words, std::span<const double> priors) {
    for (size_t i = 1; i < words.size(); ++i) {
      if (priors[i] > priors[top_]) top_ = i;
    }
    cluster_ = clustering.cluster_of(words[top_]);
    for (size_t i = 0; i < words.size(); ++i) {
      if (clustering.cluster_of(words[i]) == cluster_) continue;
      if (!next_ || priors[i] > priors[*next_]) next_ = i;
    }
  }
  // Its place among the words; none where the group has one cluster.
  std::optional<size_t> For(int32_t cluster) const {
    return cluster == cluster_ ? next_ : std::optional(top_);
  }

 private:
  size_t top_ = 0;
  int32_t cluster_ = -1;
  std::optional<size_t> next_;
};

}  // namespace

double PosteriorBound(double prior, double epsilon) {
  // Divided by e^eps, so that nothing overflows.
  return prior / (prior + (1 - prior) * std::exp(-epsilon));
}

double LargestPrior(std::span<const int32_t> ids,
                    std::span<const double> prior) {
  const std::vector<double> values = PriorsOf(ids, prior);
  return std::ranges::max(values) /
         std::accumulate(values.begin(), values.end(), 0.0);
}

double BayesAttacker::AddGroup(const DeployedRows& rows, const Group& group,
                               std::span<const double> prior) {
  const std::vector<int32_t> words = rows.WordsOf(group);
  const std::vector<double> values = PriorsOf(words, prior);
  const double most = std::ranges::max(values);
  const auto equals = static_cast<double>(std::ranges::count(values, most));
  for (size_t i = 0; i < words.size(); ++i) {
    by_public_[static_cast<size_t>(words[i])] =
        values[i] == most ? 1 / equals : 0;
  }
  const Strangers strangers(rows.clustering(), words, values);
  double success = 0;
  size_t first = 0;  // of the cluster, in words
  for (const int32_t c : group.clusters) {
    const DeployedRows::Cluster& cluster =
        rows.clusters()[static_cast<size_t>(c)];
    const size_t k = cluster.ids.size();
    const std::optional<size_t> stranger = strangers.For(c);
    for (size_t y = 0; y < k; ++y) {
      Candidate best =
          BestOfCluster(cluster, std::span(values).subspan(first, k), y);
      best.place += first;
      if (stranger && values[*stranger] * cluster.outside[y] > best.joint) {
        best = {*stranger, values[*stranger] * cluster.outside[y]};
      }
      guess_[static_cast<size_t>(cluster.ids[y])] = words[best.place];
      success += best.joint;
    }
    first += k;
  }
  return success;
}

Result<BayesAttacker> BayesAttacker::Create(const DeployedRows& rows,
                                            std::span<const double> prior) {
  const auto size = static_cast<size_t>(rows.clustering().vocabulary_size());
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
  attacker.by_public_.assign(size, 1.0);
  double total = 0;
  for (const Group& group : rows.groups()) {
    double mass = 0;
    for (const int32_t id : rows.WordsOf(group)) mass += PriorOf(prior, id);
    const double success = attacker.AddGroup(rows, group, prior);
    if (mass > 0) attacker.success_ += success;
    total += mass;
  }
  if (total > 0) attacker.success_ /= total;
  return attacker;
}

double MeanBound(const DeployedRows& rows, std::span<const int32_t> words,
                 std::span<const double> prior, int draws) {
  std::vector<double> bounds(rows.groups().size(), -1);
  double sum = 0;
  uint64_t count = 0;
  for (const int32_t word : words) {
    const int index = rows.GroupOf(word);
    if (index < 0) continue;
    const Group& group = rows.groups()[static_cast<size_t>(index)];
    double& bound = bounds[static_cast<size_t>(index)];
    if (bound < 0) {
      bound = PosteriorBound(LargestPrior(rows.WordsOf(group), prior),
                             draws * group.loss);
    }
    sum += bound;
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
                         const DeployedRows& rows,
                         const privacy::Sampler& sampler,
                         std::span<const int32_t> words,
                         std::span<const double> prior, int rounds,
                         InsecureSeededRandom& random) {
  AttackResult result{.name = name, .interval = {}};
  double by_public = 0;
  uint64_t attacked = 0;
  for (const int32_t word : words) {
    if (sampler.IsPublic(word)) continue;
    ++attacked;
    by_public += attacker.ByPublicAlone(word);
    for (int round = 0; round < rounds; ++round) {
      ++result.trials;
      const int32_t output = sampler.Draw(word, random);
      if (attacker.Guess(output) == word) ++result.hits;
    }
  }
  result.interval = ClopperPearson(result.hits, result.trials, 0.05);
  if (attacked > 0) {
    result.by_public_alone = by_public / static_cast<double>(attacked);
  }
  result.bound = MeanBound(rows, words, prior, 1);
  result.bound_of_text = MeanBound(
      rows, words, Frequencies(words, rows.clustering().vocabulary_size()), 1);
  return result;
}

}  // namespace cmif::eval
