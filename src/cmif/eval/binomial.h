// SPDX-License-Identifier: Apache-2.0
// Confidence intervals of a share seen `hits` times in `trials`. Pure
// functions; thread-safe. Preconditions: 0 <= hits <= trials, alpha in (0, 1).
#ifndef CMIF_EVAL_BINOMIAL_H_
#define CMIF_EVAL_BINOMIAL_H_

#include <cstdint>

namespace cmif::eval {

struct Interval {
  double low = 0;
  double high = 1;
};

// One-sided Clopper-Pearson bounds (Biometrika 26, 1934): the true share is
// below Lower... (or above Upper...) with probability at most alpha, whatever
// it is. Quantiles of the beta distribution. 0 and 1 where there are no trials.
double ClopperPearsonLower(uint64_t hits, uint64_t trials, double alpha);
double ClopperPearsonUpper(uint64_t hits, uint64_t trials, double alpha);

// Both sides, alpha / 2 each.
Interval ClopperPearson(uint64_t hits, uint64_t trials, double alpha);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_BINOMIAL_H_
