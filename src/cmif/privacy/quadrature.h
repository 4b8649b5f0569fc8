// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_QUADRATURE_H_
#define CMIF_PRIVACY_QUADRATURE_H_

#include <vector>

namespace cmif::privacy {

// Nodes and weights of a quadrature rule on [0, 1].
struct GaussRule {
  std::vector<double> nodes;
  std::vector<double> weights;
};

// The Gauss-Legendre rule with n >= 1 nodes: exact for polynomials of degree
// 2n - 1. Newton's method on the Legendre polynomial from Tricomi's starting
// points (Abramowitz and Stegun 22.16.6, 25.4.29); about 1e-15. 1 <= n <=
// kMaxGaussNodes. Each rule is computed when it is first asked for, and kept
// for the whole program. Thread-safe.
inline constexpr int kMaxGaussNodes = 128;
const GaussRule& GaussLegendre(int n);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_QUADRATURE_H_
