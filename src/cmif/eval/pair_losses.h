// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_PAIR_LOSSES_H_
#define CMIF_EVAL_PAIR_LOSSES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/eval/deployed_rows.h"

namespace cmif::eval {

struct PairLossOptions {
  double bin_width = 1;                 // of the histogram; > 0
  int bins = 1;                         // at least 1
  std::span<const double> orders = {};  // of Renyi divergences; each > 1
  int threads = 0;                      // 0: all
};

// Over all ordered pairs of words of one group, those of different clusters
// too; exact up to rounding.
struct PairLosses {
  double largest = 0;            // max_y ln P(y|x) / P(y|x'); nats
  std::vector<uint64_t> counts;  // of the losses; the last bin holds the rest
  // Per id of the vocabulary: the largest loss of a pair with this word.
  std::vector<double> loss_of_id;
  std::vector<double> divergences;  // the largest, per order; nats
};

// Pairs within a cluster are looked at one by one. For words of different
// clusters c, c' only the outputs of these two differ, and each word's share
// in the loss is its own:
//   loss(x, x') = max(0, max_{y of c}  ln P(y|x) / Q(y),
//                        max_{y of c'} ln Q(y) / P(y|x')),
// with Q the rows of words of other clusters (DeployedRows); sums over y that
// make up a Renyi divergence fall apart the same way. So all pairs of a class
// are covered in a time that grows with its words, not with their square.
PairLosses LossesOfPairs(const DeployedRows& rows,
                         const PairLossOptions& options);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_PAIR_LOSSES_H_
