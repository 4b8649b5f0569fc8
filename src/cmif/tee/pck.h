// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_PCK_H_
#define CMIF_TEE_PCK_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "cmif/base/status.h"

namespace cmif::tee {

constexpr char kPckExtensionOid[] = "1.2.840.113741.1.13.1";

// The extension of Intel's PCK certificates (Intel SGX PCK Certificate and
// Certificate Revocation List Profile, 1.3.5).
struct PckExtension {
  std::array<uint8_t, 16> ppid;
  std::array<uint8_t, 16> component_svn;
  uint16_t pce_svn;
  std::array<uint8_t, 2> pce_id;
  std::array<uint8_t, 6> fmspc;
  // Of the platform CA's certificates alone.
  std::optional<std::array<uint8_t, 16>> platform_instance_id;

  // `value`: the extension's value in DER. DATA_LOSS: a field is absent, twice
  // there, or of a wrong kind or length. Unknown fields are passed over.
  static Result<PckExtension> Parse(std::span<const uint8_t> value);
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_PCK_H_
