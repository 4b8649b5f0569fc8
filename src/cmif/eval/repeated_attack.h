// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_REPEATED_ATTACK_H_
#define CMIF_EVAL_REPEATED_ATTACK_H_

#include <cstdint>
#include <span>
#include <string>

#include "cmif/base/random.h"
#include "cmif/eval/bayes_attack.h"
#include "cmif/privacy/sampler.h"

namespace cmif::eval {

// The attacker sees `occurrences` independent draws of one word, knows that
// they are of one word, and guesses argmax_x prior(x) prod P(y_i|x). Words are
// taken from `words` at random, `trials` times; none may be public.
// Independent draws add up: the bound is that of occurrences x eps.
// Preconditions: at least one word; occurrences >= 1.
AttackResult AttackRepeatedWords(const std::string& name,
                                 const DeployedRows& rows,
                                 const privacy::Sampler& sampler,
                                 std::span<const int32_t> words,
                                 std::span<const double> prior, int occurrences,
                                 int trials, InsecureSeededRandom& random);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_REPEATED_ATTACK_H_
