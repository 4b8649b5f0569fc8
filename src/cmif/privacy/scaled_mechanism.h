// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_SCALED_MECHANISM_H_
#define CMIF_PRIVACY_SCALED_MECHANISM_H_

#include <span>

#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// A mechanism whose rows depend on one noise scale b per cluster: the more b,
// the less eps* (report-noisy-max, exponential mechanism, randomised
// response with b = 1 / (its own parameter)). Calibration lowers b from the
// textbook's until eps* is in [0.999 eps, eps].
class ScaledMechanism : public Mechanism {
 public:
  // The scale that the textbook proves eps-DP for utilities in [0, 1].
  virtual double TextbookScale(Epsilon epsilon) const = 0;

  // The exact selection probabilities of one row: utilities in [0, 1], 1 to
  // 256 of them, scale > 0 in units of the utilities; `out` of the same size
  // sums to 1 up to rounding. Equal utilities get equal probabilities.
  virtual void Probabilities(std::span<const double> utilities, double scale,
                             std::span<double> out) const = 0;

  Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                            const FillOptions& options) const final;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_SCALED_MECHANISM_H_
