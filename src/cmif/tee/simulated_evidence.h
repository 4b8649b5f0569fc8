// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_SIMULATED_EVIDENCE_H_
#define CMIF_TEE_SIMULATED_EVIDENCE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/crypto/ed25519.h"

namespace cmif::tee {

// Evidence of a machine that does not exist, for trying things out: signed by a
// key that lies in a file, so that it proves nothing to anyone who does not
// trust that file. Little-endian, without gaps, in this order.
struct SimulatedEvidence {
  static constexpr std::string_view kMagic = "CMIFSIM1";
  static constexpr size_t kSignedBytes = 256;
  static constexpr size_t kBytes = 320;

  std::array<uint8_t, 48> measurement;
  std::array<uint8_t, 64> report_data;
  std::array<uint8_t, 32> host_data;
  std::array<uint8_t, 64> platform_id;
  uint64_t flags;  // bit 0: debug; all others are zero
  crypto::Ed25519PublicKey key;
  crypto::Ed25519Signature signature;  // by `key`, over all before it

  bool debug() const { return (flags & 1) != 0; }
  bool reserved_is_zero() const { return flags >> 1 == 0; }

  // DATA_LOSS: another length, or without the magic. The signature is not
  // checked.
  static Result<SimulatedEvidence> Parse(std::span<const uint8_t> bytes);
};

// Whether the bytes begin with the magic.
bool LooksSimulated(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_SIMULATED_EVIDENCE_H_
