// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_RNM_EXPONENTIAL_H_
#define CMIF_PRIVACY_RNM_EXPONENTIAL_H_

#include "cmif/privacy/scaled_mechanism.h"

namespace cmif::privacy {

// Report noisy max with exponential noise, which is permute-and-flip (McKenna
// and Sheldon 2020; Ding et al., arXiv 2105.07260; reference/privacy.md 3.1).
class RnmExponential final : public ScaledMechanism {
 public:
  std::string_view name() const override { return "rnm-exponential"; }
  // 2 / eps, as for Laplace noise: utilities move both ways.
  double TextbookScale(Epsilon epsilon) const override {
    return 2.0 / epsilon.value();
  }
  // p_i = a_i Int_0^1 prod_{j != i} (1 - a_j t) dt, a_i = e^((u_i - max u)/b)
  // (reference/privacy.md 3.2): a polynomial of degree k - 1, which
  // Gauss-Legendre with ceil(k / 2) nodes integrates exactly.
  void Probabilities(std::span<const double> utilities, double scale,
                     std::span<double> out) const override;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_RNM_EXPONENTIAL_H_
