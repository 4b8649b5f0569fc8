// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/epsilon.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace cmif::privacy {
namespace {

constexpr double kMicro = 1e6;

}  // namespace

Result<Epsilon> Epsilon::Create(double epsilon) {
  if (std::isnan(epsilon)) {
    return InvalidArgument("epsilon is not a number; give 0.001 to 16");
  }
  if (std::isinf(epsilon) && epsilon > 0) {
    return InvalidArgument(
        "an infinite epsilon goes only with the mechanism identity, which "
        "protects nothing; give 0.001 to 16");
  }
  if (epsilon <= 0) {
    return InvalidArgument("epsilon must be positive; give 0.001 to 16");
  }
  if (epsilon < static_cast<double>(kMinEpsilonMicro) / kMicro) {
    return InvalidArgument(
        fmt::format("epsilon {} is below 0.001, the least that 32-bit weights "
                    "carry; give 0.001 to 16",
                    epsilon));
  }
  if (epsilon > static_cast<double>(kMaxEpsilonMicro) / kMicro) {
    return InvalidArgument(fmt::format(
        "epsilon {} is above 16: 32-bit weights cannot follow the tolerance "
        "much beyond it; give 0.001 to 16",
        epsilon));
  }
  auto micro = static_cast<uint64_t>(std::llround(epsilon * kMicro));
  if (static_cast<double>(micro) / kMicro > epsilon) --micro;
  return Epsilon(micro);
}

Result<Epsilon> Epsilon::FromMicro(uint64_t micro) {
  if (micro < kMinEpsilonMicro || micro > kMaxEpsilonMicro) {
    return InvalidArgument(fmt::format("{} micro-eps is outside {} to {}",
                                       micro, kMinEpsilonMicro,
                                       kMaxEpsilonMicro));
  }
  return Epsilon(micro);
}

uint64_t TotalMicro(uint64_t words, uint64_t epsilon_micro) {
  const auto total = static_cast<unsigned __int128>(words) * epsilon_micro;
  constexpr uint64_t kLimit = std::numeric_limits<uint64_t>::max();
  return total > kLimit ? kLimit : static_cast<uint64_t>(total);
}

}  // namespace cmif::privacy
