// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/krr.h"

#include <algorithm>
#include <cmath>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/fill.h"

namespace cmif::privacy {

Result<ClusterTable> Krr::Fill(const ClusterUtilities& utilities,
                               const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  // The least weight of the others for which keep <= e^eps other.
  const double start =
      static_cast<double>(kRowSum) /
      (std::exp(options.epsilon.value()) + static_cast<double>(k - 1));
  auto other = std::max<uint64_t>(1, static_cast<uint64_t>(start));
  const auto keep = [&] { return kRowSum - (k - 1) * other; };
  while (RatioLossMicro(keep(), other) > options.epsilon.micro()) ++other;
  ClusterTable table;
  table.weights.assign(k * k, static_cast<uint32_t>(other));
  for (size_t x = 0; x < k; ++x) {
    table.weights[x * k + x] = static_cast<uint32_t>(keep());
  }
  return Certified(std::move(table), utilities.k, options.epsilon);
}

}  // namespace cmif::privacy
