// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/repeated_attack.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace cmif::eval {
namespace {

class Attacker {
 public:
  Attacker(const DeployedRows& rows, std::span<const double> prior)
      : rows_(rows), prior_(prior) {
    for (const Group& group : rows.groups()) {
      by_prior_.push_back(rows.WordsOf(group));
      std::ranges::stable_sort(by_prior_.back(), std::ranges::greater(),
                               [&](int32_t id) { return LogPrior(id); });
    }
  }

  // argmax_x ln prior(x) + sum_i ln P(y_i|x) over the words of the group, the
  // first of equals. Words of clusters that no output is of differ by their
  // prior alone: of those only the likeliest is looked at.
  int32_t Guess(int group, std::span<const int32_t> outputs) const {
    std::vector<int> seen;
    for (const int32_t y : outputs) seen.push_back(ClusterOf(y));
    std::ranges::sort(seen);
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    int32_t guess = -1;
    double best = -INFINITY;
    const auto consider = [&](int32_t x) {
      double score = LogPrior(x);
      for (const int32_t y : outputs) {
        score += std::log(rows_.Probability(y, x));
      }
      if (guess < 0 || score > best) {
        best = score;
        guess = x;
      }
    };
    for (const int c : seen) {
      for (const int32_t x : rows_.clusters()[static_cast<size_t>(c)].ids) {
        consider(x);
      }
    }
    const auto& words = by_prior_[static_cast<size_t>(group)];
    const auto stranger = std::ranges::find_if(words, [&](int32_t x) {
      return !std::ranges::binary_search(seen, ClusterOf(x));
    });
    if (stranger != words.end()) consider(*stranger);
    return guess;
  }

 private:
  int ClusterOf(int32_t id) const { return rows_.clustering().cluster_of(id); }
  double LogPrior(int32_t id) const {
    return prior_.empty() ? 0 : std::log(prior_[static_cast<size_t>(id)]);
  }

  const DeployedRows& rows_;
  std::span<const double> prior_;
  std::vector<std::vector<int32_t>> by_prior_;  // per group, likeliest first
};

}  // namespace

AttackResult AttackRepeatedWords(const std::string& name,
                                 const DeployedRows& rows,
                                 const privacy::Sampler& sampler,
                                 std::span<const int32_t> words,
                                 std::span<const double> prior, int occurrences,
                                 int trials, InsecureSeededRandom& random) {
  const Attacker attacker(rows, prior);
  AttackResult result{.name = name, .interval = {}};
  std::vector<int32_t> outputs(static_cast<size_t>(occurrences));
  double by_public = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const int32_t word = words[random.Next32() % words.size()];
    for (int32_t& output : outputs) output = sampler.Draw(word, random);
    const int group = rows.GroupOf(word);
    ++result.trials;
    by_public += attacker.Guess(group, {}) == word ? 1 : 0;
    if (attacker.Guess(group, outputs) == word) ++result.hits;
  }
  result.interval = ClopperPearson(result.hits, result.trials, 0.05);
  if (trials > 0) result.by_public_alone = by_public / trials;
  result.bound = MeanBound(rows, words, prior, occurrences);
  result.bound_of_text = MeanBound(
      rows, words, Frequencies(words, rows.clustering().vocabulary_size()),
      occurrences);
  return result;
}

}  // namespace cmif::eval
