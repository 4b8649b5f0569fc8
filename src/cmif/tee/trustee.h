// SPDX-License-Identifier: Apache-2.0
// Evidence in JSON as Trustee's key broker protocol carries it.
#ifndef CMIF_TEE_TRUSTEE_H_
#define CMIF_TEE_TRUSTEE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

struct TrusteeEvidence {
  std::vector<uint8_t> evidence;  // a report or a quote
  std::vector<Certificate> certificates;
};

// Reads {"quote": base64} (TDX, SGX); {"report": base64, "certs": [base64 DER]}
// (our form for SEV-SNP); and {"attestation_report": {...}, "cert_chain":
// [{"cert_type", "data"}]}, whose report is spelt field by field (version 3
// and above, Milan and Genoa). UNIMPLEMENTED: a sample, which proves nothing,
// or a report whose fields this program cannot put together; DATA_LOSS:
// anything else.
Result<TrusteeEvidence> ReadTrusteeJson(std::string_view text);

}  // namespace cmif::tee

#endif  // CMIF_TEE_TRUSTEE_H_
