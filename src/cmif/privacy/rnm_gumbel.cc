// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rnm_gumbel.h"

#include <algorithm>
#include <cmath>

namespace cmif::privacy {

void RnmGumbel::Probabilities(std::span<const double> utilities, double scale,
                              std::span<double> out) const {
  const double best = *std::ranges::max_element(utilities);
  double total = 0;
  for (size_t i = 0; i < utilities.size(); ++i) {
    out[i] = std::exp((utilities[i] - best) / scale);
    total += out[i];
  }
  for (double& p : out) p /= total;
}

}  // namespace cmif::privacy
