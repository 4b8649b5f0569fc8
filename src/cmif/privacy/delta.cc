// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/delta.h"

#include <fmt/format.h>

#include <cmath>

namespace cmif::privacy {
namespace {

constexpr double kMin = 1e-30;
constexpr double kMax = 0.5;

}  // namespace

Result<Delta> Delta::Create(double delta) {
  if (std::isnan(delta)) {
    return InvalidArgument("delta is not a number; give 1e-30 to 0.5");
  }
  if (delta <= 0) {
    return InvalidArgument(
        "delta must be positive (for delta = 0 the plain sum, epsilon_total, "
        "is the answer); give 1e-30 to 0.5");
  }
  if (delta < kMin || delta > kMax) {
    return InvalidArgument(fmt::format(
        "delta {} is {}; give 1e-30 to 0.5, usually 1e-6", delta,
        delta < kMin ? "below 1e-30" : "above 0.5, which promises little"));
  }
  return Delta(delta);
}

}  // namespace cmif::privacy
