// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_OPTIMAL_H_
#define CMIF_PRIVACY_OPTIMAL_H_

#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// The channel of the largest mean utility, sum_x prior(x) sum_y P(y|x) u(x,y),
// among all that are eps-DP within the cluster: a linear program
// (staircase_program.h; reference/privacy.md C2). With options.hub_cap no
// output has more than 2/k of the prior's mass, lest a few hub words stand for
// all. Says nothing of another prior than its own: there krr may do better. The
// program is solved 4e-6 nats inside eps, so that integers can follow it.
class Optimal final : public Mechanism {
 public:
  std::string_view name() const override { return "optimal"; }
  Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                            const FillOptions& options) const override;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_OPTIMAL_H_
