// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_HCL_BLOB_H_
#define CMIF_TEE_HCL_BLOB_H_

#include <cstdint>
#include <span>

#include "cmif/base/status.h"

namespace cmif::tee {

// What Azure's paravisor (HCL) leaves in the vTPM of a confidential VM: a
// header of 32 bytes with the sign "HCLA", a report of 1184 bytes, and runtime
// claims as JSON, whose SHA-256 is the first half of the report's REPORT_DATA.
// The parts are views.
struct HclBlob {
  std::span<const uint8_t> report;
  std::span<const uint8_t> claims;

  // DATA_LOSS: broken, or of an unknown version or hash; UNIMPLEMENTED: its
  // report is a TDX one, which only its own machine can check.
  static Result<HclBlob> Parse(std::span<const uint8_t> bytes);
};

bool LooksLikeHclBlob(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_HCL_BLOB_H_
