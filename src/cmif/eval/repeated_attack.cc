// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/repeated_attack.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cmif::eval {
namespace {

// argmax_x ln prior(x) + sum_i ln w(x, y_i), the first of equals.
int32_t Guess(const privacy::Channel& channel, size_t cluster,
              std::span<const int32_t> outputs, std::span<const double> prior) {
  const privacy::Clustering& clustering = channel.clustering();
  const auto& ids = clustering.clusters()[cluster];
  const size_t k = ids.size();
  if (k == 1) return ids[0];
  const auto& weights = channel.tables()[cluster].weights;
  int32_t guess = ids[0];
  double best = -INFINITY;
  for (size_t x = 0; x < k; ++x) {
    double score =
        prior.empty() ? 0 : std::log(prior[static_cast<size_t>(ids[x])]);
    for (const int32_t output : outputs) {
      const auto y =
          static_cast<size_t>(clustering.position_in_cluster(output));
      score += std::log(static_cast<double>(weights[x * k + y]));
    }
    if (score > best) {
      best = score;
      guess = ids[x];
    }
  }
  return guess;
}

}  // namespace

AttackResult AttackRepeatedWords(const std::string& name,
                                 const privacy::Channel& channel,
                                 const privacy::Sampler& sampler,
                                 std::span<const int32_t> words,
                                 std::span<const double> prior, int occurrences,
                                 int trials, InsecureSeededRandom& random) {
  const privacy::Clustering& clustering = channel.clustering();
  AttackResult result{.name = name, .interval = {}};
  std::vector<int32_t> outputs(static_cast<size_t>(occurrences));
  double by_cluster = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const int32_t word = words[random.Next32() % words.size()];
    for (int32_t& output : outputs) output = sampler.Draw(word, random);
    const auto cluster = static_cast<size_t>(clustering.cluster_of(word));
    ++result.trials;
    by_cluster += Guess(channel, cluster, {}, prior) == word ? 1 : 0;
    if (Guess(channel, cluster, outputs, prior) == word) ++result.hits;
  }
  result.interval = ClopperPearson(result.hits, result.trials, 0.05);
  if (trials > 0) result.by_cluster_alone = by_cluster / trials;
  result.bound = MeanBound(channel, words, prior, occurrences);
  result.bound_of_text =
      MeanBound(channel, words,
                Frequencies(words, clustering.vocabulary_size()), occurrences);
  return result;
}

}  // namespace cmif::eval
