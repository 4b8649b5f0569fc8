// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_SWEEP_H_
#define CMIF_EVAL_SWEEP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::eval {

// One mechanism at one epsilon; exact, uniform prior over the words.
struct SweepPoint {
  std::string mechanism;     // with its variant, as in "optimal, no hub cap"
  double epsilon = 0;        // asked
  double epsilon_star = 0;   // the largest loss of a cluster
  double mean_cosine = 0;    // of input and output
  double mean_utility = 0;   // of the normalised utilities of [0, 1]
  double keep = 0;           // P(output = input)
  double bayes_success = 0;  // sum_y max_x P(y|x) / k
  // (epsilon, delta) of a document of `document_draws` words of one cluster:
  // the worst of the largest clusters, and the mean over clusters.
  double document_epsilon = 0;
  double document_epsilon_mean = 0;
  double bound = 0;  // e^eps / (e^eps + k - 1), mean over the words
};

struct SweepOptions {
  std::vector<double> epsilons = {0.5, 1, 2, 3, 6};
  int clusters = 120;  // sampled from those of two or more; 0: all
  uint64_t document_draws = 100;
  double delta = 1e-6;
  uint64_t insecure_seed = 1;
  int threads = 0;  // 0: all
};

struct Sweep {
  int clusters = 0;  // of how many the points tell
  int words = 0;
  std::vector<int> cluster_sizes;
  std::vector<SweepPoint> points;  // mechanism by mechanism
};

// Every mechanism with a channel of privacy::KnownMechanisms(), calibrated, and
// what they are compared with: rnm-gumbel at the textbook's scale (CUSTEXT's
// sampler as published), rnm-laplace there (the paper, our reading), optimal
// without its hub cap. INVALID_ARGUMENT: an epsilon or delta that is none, or
// no cluster of two words; Mechanism::Fill()'s errors.
Result<Sweep> SweepMechanisms(const privacy::Clustering& clustering,
                              const privacy::RowMatrix& rows,
                              const SweepOptions& options,
                              const ProgressFn& progress = {});

// e^eps / (e^eps + k - 1), the mean over the words of the sweep's clusters:
// what an attacker with the uniform prior recovers at most at this epsilon.
double MeanUniformBound(const Sweep& sweep, double epsilon);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_SWEEP_H_
