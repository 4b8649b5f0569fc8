// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_STAIRCASE_PROGRAM_H_
#define CMIF_PRIVACY_STAIRCASE_PROGRAM_H_

#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/utilities.h"

namespace cmif::privacy {

// The linear program of the best channel of one cluster (reference/privacy.md
// C2): over k x k matrices P >= 0
//
//   maximise sum_x prior(x) sum_y P(y|x) u(x,y)
//   rows sum to 1;  P(y|x) <= e^epsilon P(y|x')  for all x, x', y;
//   with a cap also  sum_x prior(x) P(y|x) <= cap  for every y.
struct StaircaseProgram {
  ClusterUtilities utilities;  // 2 to 256 words, values of [0, 1]
  std::vector<double> prior;   // k values >= 0 of sum 1
  double epsilon = 1;          // in nats, in [0.0001, 17]
  double cap = 1;              // > 1/k; 1 or more: no cap
};

// A channel near the program's best, with the duals that prove how near.
struct StaircaseSolution {
  // k x k, row-major, row x the distribution given x. Inside the constraints
  // up to the rounding of doubles.
  std::vector<double> probabilities;
  // The objective there.
  double value = 0;
  // One dual a row of P, and one >= 0 a cap (empty without). With q =
  // e^-epsilon and t_x = prior(x) (u(x,y) - cap_duals[y]) - row_duals[x], no
  // channel is worth more than
  //   bound = sum row_duals + cap sum cap_duals + k max(0, max_y r_y),
  //   r_y = sum_x max(t_x, q t_x):
  // a column of a channel is a sum of theta a, theta >= 0, each a with values
  // q and 1, at least one of them 1; r_y is the best reduced cost of such an
  // a; and as rows sum to 1 the theta sum to at most k.
  std::vector<double> row_duals;
  std::vector<double> cap_duals;
  double bound = 0;
  int iterations = 0;
};

// Solves to bound - value <= 1e-7 (aims at 1e-9) by a primal-dual interior-
// point method: a multiple of k^3 operations an iteration, 10 to 100
// iterations. Deterministic. INTERNAL when it does not get there.
// Precondition: what StaircaseProgram says. Thread-safe.
Result<StaircaseSolution> SolveStaircase(const StaircaseProgram& program);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_STAIRCASE_PROGRAM_H_
