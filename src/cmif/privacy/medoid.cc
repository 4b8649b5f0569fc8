// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/medoid.h"

#include <algorithm>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/fill.h"

namespace cmif::privacy {

Result<ClusterTable> Medoid::Fill(const ClusterUtilities& utilities,
                                  const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  const std::vector<double> prior = NormalisedPrior(k, options.prior);
  std::vector<double> sums(k);
  for (size_t x = 0; x < k; ++x) {
    for (size_t y = 0; y < k; ++y) {
      sums[y] += prior[x] * utilities.values[x * k + y];
    }
  }
  const auto medoid =
      static_cast<size_t>(std::ranges::max_element(sums) - sums.begin());
  ClusterTable table;
  table.weights.assign(k * k, 1);
  for (size_t x = 0; x < k; ++x) {
    table.weights[x * k + medoid] = static_cast<uint32_t>(kRowSum - (k - 1));
  }
  return Certified(std::move(table), utilities.k, options.epsilon);
}

}  // namespace cmif::privacy
