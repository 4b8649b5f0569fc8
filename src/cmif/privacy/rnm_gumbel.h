// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_RNM_GUMBEL_H_
#define CMIF_PRIVACY_RNM_GUMBEL_H_

#include "cmif/privacy/scaled_mechanism.h"

namespace cmif::privacy {

// Report noisy max with Gumbel noise, which is the exponential mechanism
// (McSherry and Talwar 2007): p_i proportional to e^(u_i / b). With the
// textbook's b = 2 / eps it is CUSTEXT's sampler (reference/paper.md).
class RnmGumbel final : public ScaledMechanism {
 public:
  std::string_view name() const override { return "rnm-gumbel"; }
  double TextbookScale(Epsilon epsilon) const override {
    return 2.0 / epsilon.value();
  }
  void Probabilities(std::span<const double> utilities, double scale,
                     std::span<double> out) const override;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_RNM_GUMBEL_H_
