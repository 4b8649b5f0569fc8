// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_CONTEXT_ATTACK_H_
#define CMIF_EVAL_CONTEXT_ATTACK_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/client/units.h"
#include "cmif/eval/bayes_attack.h"
#include "cmif/eval/text_units.h"

namespace cmif::eval {

// A language model as an attacker uses it. Not thread-safe.
class NextWordModel {
 public:
  virtual ~NextWordModel() = default;
  // ln P(the text goes on with this word), for each candidate, up to one
  // constant; `before` is all that stands in front of it.
  virtual Result<std::vector<double>> ScoreWords(
      std::string_view before, std::span<const std::string> candidates) = 0;
};

// What the attacker reads in front of the word that he attacks.
enum class ContextKind {
  kTrueText,       // the user's own words: more than any server has
  kSanitizedText,  // what was sent
};

// Ranks the words of the output's group by P(word | text before it) x
// P(output | word). Context is not covered by a guarantee per word: the bound
// in the result is that of the model's own prior at each place, averaged. The
// model's errors.
Result<AttackResult> AttackByContext(
    const std::string& name, NextWordModel& language_model, ContextKind context,
    const client::UnitTable& units, const DeployedRows& rows,
    const privacy::Sampler& sampler, std::span<const UnitText> texts,
    InsecureSeededRandom& random, const ProgressFn& progress = {});

}  // namespace cmif::eval

#endif  // CMIF_EVAL_CONTEXT_ATTACK_H_
