// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/medoid.h"

#include <utility>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/fill.h"

namespace cmif::privacy {

Result<ClusterTable> Medoid::Fill(const ClusterUtilities& utilities,
                                  const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  const size_t medoid =
      MedoidOf(utilities.values, NormalisedPrior(k, options.prior));
  ClusterTable table;
  table.weights.assign(k * k, 1);
  for (size_t x = 0; x < k; ++x) {
    table.weights[x * k + medoid] = static_cast<uint32_t>(kRowSum - (k - 1));
  }
  return Certified(std::move(table), utilities.k, options.epsilon);
}

}  // namespace cmif::privacy
