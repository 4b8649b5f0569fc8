// SPDX-License-Identifier: Apache-2.0
// The extensions that evidence_certificate.h reads, written: Intel's quotes go
// into both, all other evidence into id-pe-cmw alone.
#ifndef CMIF_TEE_EVIDENCE_EXTENSION_H_
#define CMIF_TEE_EVIDENCE_EXTENSION_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

namespace cmif::tee {

// The claims of a certificate for the key whose SubjectPublicKeyInfo has this
// SHA-256.
std::vector<uint8_t> KeyClaims(const crypto::Digest& key_sha256);

// The REPORT_DATA that evidence for a certificate with these claims carries:
// their SHA-256, zeros behind it.
std::array<uint8_t, 64> ReportDataOf(std::span<const uint8_t> claims);

// Dotted OIDs and values. `evidence` is what an attester gives: a report, which
// its certificate table may follow, or a quote. DATA_LOSS: something else;
// RESOURCE_EXHAUSTED: too much for a certificate.
Result<std::vector<std::pair<std::string, std::vector<uint8_t>>>>
WriteEvidenceExtensions(std::span<const uint8_t> evidence,
                        std::span<const uint8_t> claims);

}  // namespace cmif::tee

#endif  // CMIF_TEE_EVIDENCE_EXTENSION_H_
