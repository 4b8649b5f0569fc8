// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_MECHANISM_H_
#define CMIF_PRIVACY_MECHANISM_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/utilities.h"

namespace cmif::privacy {

// One cluster's channel as it is deployed: P(y|x) = weights[x k + y] / 2^32.
struct ClusterTable {
  std::vector<uint32_t> weights;
  // The noise scale in units of the utilities; 0 where there is none (uniform
  // rows, mechanisms without a scale). Informative: what counts is the table.
  double scale = 0;
  // LossMicro() of the weights.
  uint64_t loss_micro = 0;
  // u(x, y) as the table was filled from it, k x k; informative, kept so that
  // anyone can recompute the table. Empty where unknown (all 0 then).
  std::vector<float> utilities = {};
};

// What is asked of one cluster's table.
struct FillOptions {
  Epsilon epsilon;
  // An eps* as near below epsilon as the mechanism gets; without it the
  // textbook scale stays.
  bool calibrate = true;
  // `optimal` only: no output is more likely than 2/k under the prior.
  bool hub_cap = true;
  // The public prior of the cluster's words: k values >= 0 with a positive
  // sum (which need not be 1), or empty for the uniform one.
  std::span<const double> prior = {};
};

// Fills the table of one cluster. The seam is the cluster, so that mechanisms
// with a scale (ScaledMechanism), a linear program over the whole cluster, or
// a constant representative all fit. Pure and immutable: thread-safe.
class Mechanism {
 public:
  virtual ~Mechanism() = default;

  // As users write it, e.g. "rnm-laplace".
  virtual std::string_view name() const = 0;

  // A table that CertifyTable() passes for options.epsilon. Clusters whose
  // utilities have no spread get equal, uniform rows (eps* = 0).
  // INVALID_ARGUMENT: not 2 to 256 words, wrong shape, a prior that is none.
  // INTERNAL: no table certified.
  virtual Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                                    const FillOptions& options) const = 0;
};

// The mechanism of that name, alive for the whole program. NOT_FOUND, listing
// the known names; "identity" has no channel and is not found here.
Result<const Mechanism*> FindMechanism(std::string_view name);

// All of them, in the order in which they are shown.
std::span<const Mechanism* const> KnownMechanisms();

// Whether `name` is "identity": every word passes unchanged, guarantee none.
bool IsIdentity(std::string_view name);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_MECHANISM_H_
