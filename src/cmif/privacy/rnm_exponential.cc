// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rnm_exponential.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cmif/privacy/quadrature.h"

namespace cmif::privacy {

void RnmExponential::Probabilities(std::span<const double> utilities,
                                   double scale, std::span<double> out) const {
  const size_t k = utilities.size();
  const double best = *std::ranges::max_element(utilities);
  std::vector<double> a(k);
  for (size_t i = 0; i < k; ++i) a[i] = std::exp((utilities[i] - best) / scale);
  std::fill(out.begin(), out.end(), 0.0);
  const GaussRule& rule = GaussLegendre(static_cast<int>((k + 1) / 2));
  for (size_t n = 0; n < rule.nodes.size(); ++n) {
    const double t = rule.nodes[n];
    // Nodes lie inside (0, 1): no factor is 0.
    double product = rule.weights[n];
    for (const double value : a) product *= 1 - value * t;
    for (size_t i = 0; i < k; ++i) out[i] += a[i] * product / (1 - a[i] * t);
  }
  double total = 0;
  for (const double p : out) total += p;
  for (double& p : out) p /= total;
}

}  // namespace cmif::privacy
