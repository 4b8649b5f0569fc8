// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_QUOTE_H_
#define CMIF_TEE_QUOTE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "cmif/base/status.h"

namespace cmif::tee {

// The body of an SGX report (Intel SDM 3D, table 39-21), 384 bytes.
struct SgxBody {
  static constexpr size_t kBytes = 384;
  std::array<uint8_t, 16> cpu_svn;
  std::array<uint8_t, 4> misc_select;
  std::array<uint8_t, 16> attributes;  // flags and XFRM
  std::array<uint8_t, 32> mr_enclave;
  std::array<uint8_t, 32> mr_signer;
  std::array<uint8_t, 64> config_id;
  uint16_t product_id;
  uint16_t svn;
  uint16_t config_svn;
  std::array<uint8_t, 64> report_data;

  static SgxBody Read(std::span<const uint8_t, kBytes> bytes);
  bool initialised() const { return (attributes[0] & 1) != 0; }
  bool debug() const { return (attributes[0] >> 1 & 1) != 0; }
  bool mode64() const { return (attributes[0] >> 2 & 1) != 0; }
};

// The body of a TD report (Intel TDX module ABI, TDREPORT; quote v4, table
// "TD Quote Body"): 584 bytes, and 648 for TDX 1.5.
struct TdBody {
  static constexpr size_t kBytes = 584;
  static constexpr size_t kBytes15 = 648;
  std::array<uint8_t, 16> tee_tcb_svn;
  std::array<uint8_t, 48> mr_seam;
  std::array<uint8_t, 48> mr_signer_seam;
  std::array<uint8_t, 8> seam_attributes;
  uint64_t td_attributes;
  uint64_t xfam;
  std::array<uint8_t, 48> mr_td;
  std::array<uint8_t, 48> mr_config_id;
  std::array<uint8_t, 48> mr_owner;
  std::array<uint8_t, 48> mr_owner_config;
  std::array<std::array<uint8_t, 48>, 4> rtmr;
  std::array<uint8_t, 64> report_data;
  // TDX 1.5 alone: the patch level of the module that runs now, and the
  // measurement of service TDs.
  std::optional<std::array<uint8_t, 16>> tee_tcb_svn2;
  std::optional<std::array<uint8_t, 48>> mr_service_td;

  // kBytes or kBytes15.
  static TdBody Read(std::span<const uint8_t> bytes);
  bool debug() const { return (td_attributes & 1) != 0; }
  bool sept_ve_disable() const { return (td_attributes >> 28 & 1) != 0; }
  bool migratable() const { return (td_attributes >> 29 & 1) != 0; }
};

// A quote (Intel SGX DCAP ECDSA quote library API, appendix A; TDX 1.5 quoting
// library, quote v5), little-endian but for signatures and keys. The spans are
// views of the bytes it was read from. Nothing is checked but the form.
struct Quote {
  uint16_t version;  // 3: SGX; 4, 5: TDX
  std::variant<SgxBody, TdBody> body;
  std::span<const uint8_t> signed_bytes;
  std::span<const uint8_t> signature;        // 64, r||s
  std::span<const uint8_t> attestation_key;  // 64, x||y
  std::span<const uint8_t> qe_report_bytes;  // 384
  SgxBody qe_report;
  std::span<const uint8_t> qe_signature;  // 64
  std::span<const uint8_t> qe_auth;
  // Certification data of kind 5: the PCK certificate and its issuers in PEM.
  std::span<const uint8_t> certificates;
  std::span<const uint8_t> trailing;

  // DATA_LOSS: broken; UNIMPLEMENTED: a version, key or kind of certification
  // data that this program does not know.
  static Result<Quote> Parse(std::span<const uint8_t> bytes);

  const TdBody* td() const { return std::get_if<TdBody>(&body); }
  const SgxBody* sgx() const { return std::get_if<SgxBody>(&body); }
  std::span<const uint8_t> report_data() const;
};

// Whether the header names Intel's quoting enclave and a small version.
bool LooksLikeQuote(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_QUOTE_H_
