// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_ASN1_TIME_INL_H_
#define CMIF_TEE_ASN1_TIME_INL_H_

#include <optional>

#include "cmif/crypto/openssl-inl.h"
#include "cmif/tee/time.h"

namespace cmif::tee {

// A time of a certificate or CRL; none if it is absent or no time.
inline std::optional<Time> FromAsn1Time(const ASN1_TIME* time) {
  const auto seconds = crypto::SecondsOf(time);
  if (!seconds) return std::nullopt;
  return Time{*seconds};
}

}  // namespace cmif::tee

#endif  // CMIF_TEE_ASN1_TIME_INL_H_
