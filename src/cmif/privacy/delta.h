// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_DELTA_H_
#define CMIF_PRIVACY_DELTA_H_

#include "cmif/base/status.h"

namespace cmif::privacy {

// The delta of an (epsilon, delta) guarantee: 1e-30 <= delta <= 0.5. Only
// values within the limits exist.
class Delta {
 public:
  // INVALID_ARGUMENT for NaN, infinite, zero, negative or out of range.
  static Result<Delta> Create(double delta);
  // 1e-6, what every command takes unless told otherwise.
  static Delta Default() { return Delta(1e-6); }

  double value() const { return value_; }
  bool operator==(const Delta&) const = default;

 private:
  explicit Delta(double value) : value_(value) {}
  double value_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_DELTA_H_
