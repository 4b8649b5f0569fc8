// SPDX-License-Identifier: Apache-2.0
// An audit that does not read the tables: it draws, counts, and bounds the
// privacy loss from below (LDP-Audit, Arcolezi & Gambs, PETS 2024;
// reference/privacy.md 4). It can refute a claimed epsilon, never prove one.
#ifndef CMIF_EVAL_BLACK_BOX_H_
#define CMIF_EVAL_BLACK_BOX_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/eval/deployed_rows.h"

namespace cmif::eval {

// Two words of one group.
struct WordPair {
  int32_t first = 0;
  int32_t second = 0;
};

// What is audited: the word to send instead of `id`. Sampler::Draw, or
// whatever claims to be it.
using DrawFn = std::function<int32_t(int32_t id, RandomSource& random)>;

struct BlackBoxOptions {
  // Per input, for the bound; a tenth as many before, to choose the event.
  uint64_t draws = 1'000'000;
  // The probability, over all pairs together, that any bound is above the
  // true loss (Bonferroni).
  double alpha = 0.01;
  uint64_t insecure_seed = 1;
};

struct PairBound {
  WordPair pair;    // in the order in which the bound holds
  int outputs = 0;  // size of the event
  uint64_t first_hits = 0;
  uint64_t second_hits = 0;
  // ln(p_low / q_up): with confidence 1 - alpha the loss of `pair` is at
  // least this; 0 where the draws show nothing.
  double epsilon_lower = 0;
};

struct BlackBoxAudit {
  uint64_t draws = 0;  // per input
  double alpha = 0;
  uint64_t insecure_seed = 0;
  std::vector<PairBound> pairs;
  double epsilon_lower = 0;  // the largest
  // Draws that were no word of the input's group: a channel makes none.
  uint64_t outside_group = 0;

  // What the draws refute, at `alpha`.
  bool Refutes(double claimed_epsilon) const {
    return epsilon_lower > claimed_epsilon || outside_group > 0;
  }
};

// For each pair: the event is the set of outputs whose bound, estimated from
// the held-out draws, is largest; then fresh draws count it under both inputs,
// and two one-sided Clopper-Pearson bounds at alpha / (2 pairs) each give the
// ratio. Outputs of other clusters than the two words' count as one. Of `rows`
// it uses alone which words are of one cluster and of one group.
// INVALID_ARGUMENT: no pair, words of different groups or twice the same, fewer
// than 100 draws, alpha not in (0, 1).
Result<BlackBoxAudit> AuditByDraws(const DeployedRows& rows, const DrawFn& draw,
                                   std::span<const WordPair> pairs,
                                   const BlackBoxOptions& options,
                                   const ProgressFn& progress = {});

}  // namespace cmif::eval

#endif  // CMIF_EVAL_BLACK_BOX_H_
