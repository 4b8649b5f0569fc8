// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_NEIGHBOUR_SWEEP_H_
#define CMIF_EVAL_NEIGHBOUR_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/eval/sweep.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::eval {

// What the paper's lists of the nearest words would do (UncheckedNeighbours):
// for comparison alone, without any guarantee.
struct NeighbourSweep {
  int size = 0;              // words of a list
  size_t words = 0;          // of the vocabulary, all of them
  size_t pairs = 0;          // of a word and another of its list
  size_t one_way_pairs = 0;  // whose list does not hold the word back
  // Points' epsilons but the one asked are infinite and their bound is 1:
  // nothing is certified.
  std::vector<SweepPoint> points;
};

struct NeighbourOptions {
  int size = 20;
  std::vector<double> epsilons = {0.5, 1, 2, 3, 6};
  int threads = 0;  // 0: all
};

// The report-noisy-max mechanisms at the textbook's scale over the lists of
// all ids of a class >= 0; exact, uniform prior over these words. The attacker
// of `bayes_success` sees the output alone. INVALID_ARGUMENT: an epsilon that
// is none, no word in a class; UncheckedNeighbours::Create()'s errors and cost.
Result<NeighbourSweep> SweepNeighbours(const privacy::RowMatrix& rows,
                                       std::span<const int32_t> class_of,
                                       const NeighbourOptions& options,
                                       const ProgressFn& progress = {});

}  // namespace cmif::eval

#endif  // CMIF_EVAL_NEIGHBOUR_SWEEP_H_
