// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_EPSILON_H_
#define CMIF_PRIVACY_EPSILON_H_

#include <cstdint>

#include "cmif/base/status.h"

namespace cmif::privacy {

// Limits of a requested epsilon. Below the lower one rounding to 32-bit
// weights is no longer small beside eps; beyond the upper one weights of a
// row sum of 2^32 can no longer follow the calibration's tolerance
// (reference/privacy.md 6: first failures at 18 to 19.5).
inline constexpr uint64_t kMinEpsilonMicro = 1'000;
inline constexpr uint64_t kMaxEpsilonMicro = 16'000'000;

// A differential-privacy parameter in integer micro-eps (millionths of a nat),
// so that sums and comparisons are exact. Only values within the limits exist.
class Epsilon {
 public:
  // 0.001 <= epsilon <= 16, rounded down: the largest n with n / 1e6 <=
  // epsilon (as doubles, so that what was typed as 0.57 stays 0.57).
  // INVALID_ARGUMENT for NaN, infinite, zero, negative or out of range.
  static Result<Epsilon> Create(double epsilon);
  // INVALID_ARGUMENT outside the limits.
  static Result<Epsilon> FromMicro(uint64_t micro);

  uint64_t micro() const { return micro_; }
  double value() const { return static_cast<double>(micro_) / 1e6; }
  bool operator==(const Epsilon&) const = default;

 private:
  explicit Epsilon(uint64_t micro) : micro_(micro) {}
  uint64_t micro_;
};

// The naive (pure DP) sum over `words` words of `epsilon_micro` each; stays at
// UINT64_MAX instead of wrapping. Exact for anything a document can hold.
uint64_t TotalMicro(uint64_t words, uint64_t epsilon_micro);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_EPSILON_H_
