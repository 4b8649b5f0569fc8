// SPDX-License-Identifier: Apache-2.0
// What can be said of a channel exactly, from what it deploys alone: no draws,
// no attacker's model, nobody's text. All figures are about words within their
// group, which is what the adjacency leaves public: the cluster, or the class
// (deployed_rows.h); what the group itself tells is public_bits. Pure
// functions; thread-safe.
#ifndef CMIF_EVAL_EXACT_AUDIT_H_
#define CMIF_EVAL_EXACT_AUDIT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/eval/deployed_rows.h"

namespace cmif::eval {

// Over the words of all groups of two or more.
struct Spread {
  double mean = 0;
  double p5 = 0;  // nearest rank
  double p95 = 0;
  double least = 0;
  double most = 0;
};
Spread SpreadOf(std::vector<double> values);

// The losses max_y ln P(y|x)/P(y|x') of all ordered pairs of words of one
// group, in bins of equal width from 0 up to the epsilon asked, or certified
// where that is more (two-level, kinds); the last one holds what is above
// (nothing, in a certified channel).
struct LossHistogram {
  double bin_width = 0;
  std::vector<uint64_t> counts;
};

struct WordFigures {
  int32_t id = 0;
  int cluster = 0;
  double keep = 0;  // P(id | id)
  double loss = 0;  // the largest loss of a pair with this word
};

// D_order(P(.|x) || P(.|x')), the maximum over all ordered pairs; nats.
struct RenyiPoint {
  double order = 0;
  double divergence = 0;
};

// Bits; X drawn from a prior over the sensitive words, Y its output.
struct MutualInformation {
  double output_bits = 0;  // I(X; Y | group): what the output adds
  double word_bits = 0;    // H(X | group): the most that can be
  double public_bits = 0;  // H(group): given away in any case
};

struct ExactAudit {
  double epsilon_asked = 0;
  double epsilon_certified = 0;   // as the channel's own certificate says
  double epsilon_recomputed = 0;  // here, in floating point, from the tables
  double public_bits = 0;         // log2 of the number of groups
  int clusters = 0;
  int groups = 0;          // clusters or classes
  int words = 0;           // in groups of two or more
  int revealed_words = 0;  // alone in their group: not protected at all
  int public_ids = 0;      // of the vocabulary, in no cluster
  LossHistogram losses;
  Spread keep;  // N_w = P(w|w): plausible deniability
  // E[S_w]: how many different words come out in `distinct_draws` draws.
  int distinct_draws = 0;
  Spread distinct;
  MutualInformation uniform;
  MutualInformation under_prior;  // equals uniform where no prior is given
  std::vector<RenyiPoint> renyi;
  std::vector<WordFigures> worst_words;  // most often unchanged first
};

struct ExactAuditOptions {
  int bins = 40;
  int distinct_draws = 1000;
  int worst_words = 10;
  std::vector<double> renyi_orders = {1.5, 2, 4, 8, 16, 32, 64};
  int threads = 0;  // 0: all
};

// `prior`: one value >= 0 for each id of the vocabulary, or empty for the
// uniform one; the mass of words that are in no cluster does not count.
// INVALID_ARGUMENT: another length, a value that is negative or not finite, no
// mass on sensitive words; no bins or draws; an order not above 1.
// Cost: (clusters) x k^3; 1,526 clusters of 20 take about a second.
Result<ExactAudit> AuditExactly(const DeployedRows& rows,
                                std::span<const double> prior,
                                const ExactAuditOptions& options);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_EXACT_AUDIT_H_
