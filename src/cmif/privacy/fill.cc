// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/fill.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/rounding.h"

namespace cmif::privacy {

Result<void> CheckFill(const ClusterUtilities& utilities,
                       const FillOptions& options) {
  const auto k = static_cast<size_t>(utilities.k);
  if (utilities.k < 2 || utilities.k > kMaxClusterSize ||
      utilities.values.size() != k * k) {
    return InvalidArgument(
        fmt::format("a cluster of {} words has no table; 2 "
                    "to {} are possible",
                    utilities.k, kMaxClusterSize));
  }
  if (!InUnitInterval(utilities.values)) {
    return InvalidArgument("a utility is outside [0, 1]");
  }
  if (options.prior.empty()) return {};
  if (options.prior.size() != k) {
    return InvalidArgument("the prior is not one value for each word");
  }
  double sum = 0;
  for (const double p : options.prior) {
    if (!(p >= 0) || !std::isfinite(p)) {
      return InvalidArgument("the prior has a value that is negative or none");
    }
    sum += p;
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    return InvalidArgument("the prior has no finite positive sum");
  }
  return {};
}

ClusterTable UniformTable(size_t k) {
  ClusterTable table{std::vector<uint32_t>(k * k), 0, 0};
  const std::vector<double> uniform(k, 1.0);
  for (size_t x = 0; x < k; ++x) {
    RoundToWeights(uniform, std::span(table.weights).subspan(x * k, k));
  }
  return table;
}

Result<ClusterTable> Certified(ClusterTable table, int k, Epsilon epsilon) {
  CMIF_TRY(CertifyTable(table.weights, k, epsilon));
  table.loss_micro = LossMicro(table.weights, k);
  return table;
}

std::vector<double> NormalisedPrior(size_t k, std::span<const double> prior) {
  if (prior.empty()) {
    return std::vector<double>(k, 1.0 / static_cast<double>(k));
  }
  std::vector<double> result(prior.begin(), prior.end());
  double sum = 0;
  for (const double p : result) sum += p;
  for (double& p : result) p /= sum;
  return result;
}

}  // namespace cmif::privacy
