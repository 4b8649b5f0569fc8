// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_SNP_REPORT_H_
#define CMIF_TEE_SNP_REPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cmif/base/status.h"
#include "cmif/tee/roots.h"

namespace cmif::tee {

// Security patch levels of an AMD platform (AMD 56860, TCB_VERSION). fmc is
// Turin's alone, 0 elsewhere.
struct SnpTcb {
  uint8_t fmc = 0;
  uint8_t bootloader = 0;
  uint8_t tee = 0;
  uint8_t snp = 0;
  uint8_t microcode = 0;

  friend bool operator==(const SnpTcb&, const SnpTcb&) = default;
  // Whether every level is at least the other's. (Not an order of all pairs.)
  bool AtLeast(const SnpTcb& other) const;
  // As "bootloader 4, tee 0, snp 24, microcode 217".
  std::string ToText() const;
};

// The eight bytes of a TCB_VERSION. Turin places its levels otherwise than
// Milan and Genoa do.
SnpTcb DecodeSnpTcb(SnpProduct product, std::span<const uint8_t, 8> bytes);

// The key that signed a report, KEY_INFO bits 4:2.
enum class SnpSigner : uint8_t { kVcek = 0, kVlek = 1, kNone = 7 };

// An attestation report (AMD 56860, table 23), versions 2 to 5, little-endian.
// Fields are copied as they stand: nothing is checked but the length.
struct SnpReport {
  static constexpr size_t kBytes = 0x4A0;
  static constexpr size_t kSignedBytes = 0x2A0;

  uint32_t version;
  uint32_t guest_svn;
  uint64_t policy;
  uint32_t vmpl;  // 0xffffffff: asked for by the host, not the guest
  uint32_t signature_algorithm;
  uint64_t platform_info;
  uint32_t key_info;
  std::array<uint8_t, 64> report_data;
  std::array<uint8_t, 48> measurement;
  std::array<uint8_t, 32> host_data;
  std::array<uint8_t, 48> id_key_digest;
  std::array<uint8_t, 48> author_key_digest;
  std::array<uint8_t, 32> report_id;
  std::array<uint8_t, 64> chip_id;
  std::array<uint8_t, 8> current_tcb;
  std::array<uint8_t, 8> reported_tcb;
  std::array<uint8_t, 8> committed_tcb;
  std::array<uint8_t, 8> launch_tcb;
  uint8_t family;  // CPUID, zero in version 2
  uint8_t model;
  uint8_t stepping;
  bool reserved_is_zero;
  // r||s, big-endian, 48 bytes each; none if a number has more.
  std::optional<std::array<uint8_t, 96>> signature;

  // DATA_LOSS: not exactly kBytes.
  static Result<SnpReport> Parse(std::span<const uint8_t> bytes);

  // POLICY, bits 18 and 19.
  bool migratable() const { return (policy >> 18 & 1) != 0; }
  bool debug() const { return (policy >> 19 & 1) != 0; }
  bool single_socket() const { return (policy >> 20 & 1) != 0; }
  bool smt_allowed() const { return (policy >> 16 & 1) != 0; }
  // Bit 17 is one, 63:26 are zero.
  bool policy_is_well_formed() const {
    return (policy >> 17 & 1) == 1 && policy >> 26 == 0;
  }
  // PLATFORM_INFO, bit 5: memory aliases were looked for (AMD-SB-3015).
  bool alias_check() const { return (platform_info >> 5 & 1) != 0; }
  bool ciphertext_hiding() const { return (platform_info >> 4 & 1) != 0; }
  SnpSigner signer() const { return SnpSigner{uint8_t(key_info >> 2 & 7)}; }
  bool masked_chip_key() const { return (key_info >> 1 & 1) != 0; }
  bool masked_chip_id() const;

  // The product line of the CPUID; none in version 2 and for unknown ones.
  std::optional<SnpProduct> product() const;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_SNP_REPORT_H_
