// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_EVIDENCE_H_
#define CMIF_TEE_EVIDENCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

constexpr size_t kMaxEvidenceBytes = 1 << 20;

// What an attester gave, taken out of whatever it was wrapped in. Nothing of
// it is checked yet.
struct Evidence {
  enum class Platform { kSnp, kTdx, kSgx, kSimulated };
  Platform platform = Platform::kSnp;
  std::string form = {};  // "report", "HCL blob", ...
  std::vector<uint8_t> bytes =
      {};  // the report, or the quote and what follows it
  // What followed a report and is not a certificate table.
  std::vector<uint8_t> trailing = {};
  std::vector<Certificate> certificates = {};  // that came with it
  // An HCL blob's JSON, whose hash the report must carry.
  std::optional<std::vector<uint8_t>> runtime_claims = {};
  // The certificate that carried the evidence, and its claims.
  std::optional<Certificate> carrier = {};
  std::vector<uint8_t> carrier_claims = {};
  crypto::Digest file_sha256{};
};

// Reads evidence, recognised by its content, binary or in hex or base64: an
// SEV-SNP report, alone or followed by zeros or by its certificate table; an
// HCL blob (Azure) with such a report; a quote for SGX or TDX, alone or behind
// Open Enclave's header; simulated evidence; a certificate (DER, PEM) that
// carries such evidence (evidence_certificate.h); Trustee's JSON (trustee.h).
// DATA_LOSS: something else, or broken; UNIMPLEMENTED: an HCL blob without a
// report that others can check, a sample; RESOURCE_EXHAUSTED: beyond
// kMaxEvidenceBytes.
Result<Evidence> ReadEvidence(std::span<const uint8_t> file);

}  // namespace cmif::tee

#endif  // CMIF_TEE_EVIDENCE_H_
