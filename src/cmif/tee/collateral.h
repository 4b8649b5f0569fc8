// SPDX-License-Identifier: Apache-2.0
// Intel's collateral in JSON: TCB information and QE identities (Intel PCS API
// version 4). What is read may be hostile; nothing is trusted before its
// signature was checked.
#ifndef CMIF_TEE_COLLATERAL_H_
#define CMIF_TEE_COLLATERAL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/time.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

// What both kinds have. Intel signs the text as it was served.
struct SignedText {
  std::string text;
  std::array<uint8_t, 64> signature;  // r||s, big-endian
  std::string id;                     // "SGX", "TDX"; "QE", "TD_QE"
  uint64_t version;
  Time issue_date;
  Time next_update;
  uint64_t evaluation_number;  // tcbEvaluationDataNumber
};

// A patch level of a platform: components, and what Intel says of those who
// have reached it.
struct TcbLevel {
  std::array<uint16_t, 16> sgx_components;
  uint16_t pce_svn;
  std::array<uint16_t, 16> tdx_components;  // zeros for SGX
  std::string status;
  std::string date;  // RFC 3339
  std::vector<std::string> advisories;
};

// A patch level of one enclave or TDX module.
struct SvnLevel {
  uint16_t svn;
  std::string status;
  std::string date;
  std::vector<std::string> advisories;
};

struct TdxModule {
  std::string id;  // "TDX_03"; empty for the one without version
  std::array<uint8_t, 48> mr_signer;
  std::array<uint8_t, 8> attributes;
  std::array<uint8_t, 8> attributes_mask;
  std::vector<SvnLevel> levels;  // highest first
};

struct TcbInfo {
  SignedText signed_text;
  std::array<uint8_t, 6> fmspc;
  std::array<uint8_t, 2> pce_id;
  std::optional<TdxModule> module;  // of module version 0
  std::vector<TdxModule> modules;
  std::vector<TcbLevel> levels;  // highest first
};

struct QeIdentity {
  SignedText signed_text;
  std::array<uint8_t, 4> misc_select;
  std::array<uint8_t, 4> misc_select_mask;
  std::array<uint8_t, 16> attributes;
  std::array<uint8_t, 16> attributes_mask;
  std::array<uint8_t, 32> mr_signer;
  uint16_t product_id;
  std::vector<SvnLevel> levels;  // highest first
};

// What one JSON text brings.
struct Collateral {
  std::vector<TcbInfo> tcb_infos = {};
  std::vector<QeIdentity> qe_identities = {};
  std::vector<Certificate> certificates = {};
  std::vector<Crl> crls = {};
};

// Reads an answer of Intel's PCS, {"tcbInfo": ..., "signature": ...} or
// {"enclaveIdentity": ..., "signature": ...}, or the form that holds all
// collateral of one platform: tcb_info, tcb_info_signature, qe_identity,
// qe_identity_signature, issuer chains in PEM, and root_ca_crl and pck_crl in
// hex or PEM. DATA_LOSS: something else, or broken, or of a version other than
// 3 (TCB information) and 2 (identities).
Result<Collateral> ReadCollateral(std::string_view json);

}  // namespace cmif::tee

#endif  // CMIF_TEE_COLLATERAL_H_
