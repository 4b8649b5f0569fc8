// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_ASN1_TIME_INL_H_
#define CMIF_TEE_ASN1_TIME_INL_H_

#include <openssl/asn1.h>

#include <memory>
#include <optional>

#include "cmif/tee/time.h"

namespace cmif::tee {

// A time of a certificate or CRL; none if it is absent or no time.
inline std::optional<Time> FromAsn1Time(const ASN1_TIME* time) {
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> epoch(
      ASN1_TIME_set(nullptr, 0), ASN1_TIME_free);
  int days = 0;
  int seconds = 0;
  if (time == nullptr || epoch == nullptr ||
      ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
    return std::nullopt;
  }
  return Time{days * kSecondsPerDay + seconds};
}

}  // namespace cmif::tee

#endif  // CMIF_TEE_ASN1_TIME_INL_H_
