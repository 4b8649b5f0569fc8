// SPDX-License-Identifier: Apache-2.0
// Certificates that carry evidence (RA-TLS). Two extensions are read:
// - 2.23.133.5.4.9, the interoperable RA-TLS of the Confidential Computing
//   Consortium: CBOR tag 60000 over [quote, claims];
// - id-pe-cmw, 1.3.6.1.5.5.7.1.35 (RFC 9999), a record [type, value] in CBOR or
//   JSON whose type is kCmwType and whose value is a CBOR map: "report" or
//   "quote", "claims", and for a report "certs", its certificate table.
// The claims are a CBOR map; its "pubkey-hash" holds [algorithm, hash] of the
// certificate's SubjectPublicKeyInfo, and REPORT_DATA begins with the SHA-256
// of the claims, zeros behind it.
#ifndef CMIF_TEE_EVIDENCE_CERTIFICATE_H_
#define CMIF_TEE_EVIDENCE_CERTIFICATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

constexpr char kRaTlsOid[] = "2.23.133.5.4.9";
constexpr uint64_t kRaTlsQuoteTag = 60000;
constexpr char kCmwOid[] = "1.3.6.1.5.5.7.1.35";
constexpr std::string_view kCmwType =
    "application/vnd.cmif.attestation-evidence+cbor";

// What a certificate carries; nothing of it is checked.
struct CarriedEvidence {
  std::vector<uint8_t> evidence;    // a quote or a report
  std::vector<uint8_t> cert_table;  // of a report; empty: none
  std::vector<uint8_t> claims;
};

// NOT_FOUND: the certificate has neither extension (or one of them twice);
// DATA_LOSS: the extension is broken, or of another type.
Result<CarriedEvidence> ReadCarriedEvidence(const Certificate& certificate);

// The same for the values of the two extensions.
Result<CarriedEvidence> ReadRaTlsExtension(std::span<const uint8_t> value);
Result<CarriedEvidence> ReadCmwExtension(std::span<const uint8_t> value);

// Whether the claims name this certificate's key, by SHA-256, SHA-384 or
// SHA-512.
bool ClaimsNameKey(std::span<const uint8_t> claims,
                   const Certificate& certificate);

}  // namespace cmif::tee

#endif  // CMIF_TEE_EVIDENCE_CERTIFICATE_H_
