// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_BAYES_ATTACK_H_
#define CMIF_EVAL_BAYES_ATTACK_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/eval/binomial.h"
#include "cmif/eval/deployed_rows.h"
#include "cmif/privacy/sampler.h"

namespace cmif::eval {

// How often an attack named the very word.
struct AttackResult {
  std::string name;
  uint64_t hits = 0;
  uint64_t trials = 0;
  Interval interval;  // Clopper-Pearson, 95 %
  // What no attacker who knows only this prior exceeds in expectation, were
  // the words drawn from it; averaged over the groups of the words attacked.
  double bound = 1;
  // The same with the attacked words' own frequencies as the prior: it holds
  // for every attacker who judges word by word, whatever he believes.
  double bound_of_text = 1;
  // What the attacker recovers who sees alone what is public of the word (its
  // cluster, or its class), with the same prior: what is not hidden in any
  // case. In [0, 1].
  double by_public_alone = 0;

  double rate() const {
    return trials == 0
               ? 0
               : static_cast<double>(hits) / static_cast<double>(trials);
  }
};

// p e^eps / (1 + p (e^eps - 1)): the posterior of a word of prior p cannot
// exceed this after a loss of eps (Bayes' rule; reference/privacy.md 4). Also
// right for eps beyond what e^eps can hold.
double PosteriorBound(double prior, double epsilon);

// max_x prior(x) / sum prior over these words; 1 / k where they have no mass.
double LargestPrior(std::span<const int32_t> ids,
                    std::span<const double> prior);

// Knows the channel and a prior of words, and sees one output: guesses
// argmax_x prior(x) P(y|x), the first of equals; no attacker with this prior
// does better. Immutable; thread-safe.
class BayesAttacker {
 public:
  // `prior`: one value >= 0 for each id, or empty for the uniform one; a
  // group without mass counts as uniform. INVALID_ARGUMENT: another length,
  // or a value that is negative or not finite.
  static Result<BayesAttacker> Create(const DeployedRows& rows,
                                      std::span<const double> prior);

  // The word behind this output; a public id is itself.
  int32_t Guess(int32_t output) const {
    return guess_[static_cast<size_t>(output)];
  }

  // The chance to name this word who sees its group alone and guesses the
  // likeliest word of it, at random among equals; 1 for a public id.
  double ByPublicAlone(int32_t word) const {
    return by_public_[static_cast<size_t>(word)];
  }

  // The exact success, were words drawn from the prior: sum_y max_x
  // prior(x) P(y|x).
  double success() const { return success_; }

 private:
  BayesAttacker() = default;
  // One group's guesses. Returns sum_y max_x.
  double AddGroup(const DeployedRows& rows, const Group& group,
                  std::span<const double> prior);
  std::vector<int32_t> guess_;
  std::vector<double> by_public_;
  double success_ = 0;
};

// Draws an output for each word `rounds` times, and lets the attacker guess.
// Words that the sampler leaves public are not counted: they are no secret.
AttackResult AttackWords(const std::string& name, const BayesAttacker& attacker,
                         const DeployedRows& rows,
                         const privacy::Sampler& sampler,
                         std::span<const int32_t> words,
                         std::span<const double> prior, int rounds,
                         InsecureSeededRandom& random);

// The mean over `words` of PosteriorBound() of their groups for `draws`
// independent draws, each word's group with its largest prior.
double MeanBound(const DeployedRows& rows, std::span<const int32_t> words,
                 std::span<const double> prior, int draws);

// How often each id occurs among the words; one value for each id.
std::vector<double> Frequencies(std::span<const int32_t> words,
                                int vocabulary_size);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_BAYES_ATTACK_H_
