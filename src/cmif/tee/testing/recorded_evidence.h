// SPDX-License-Identifier: Apache-2.0
// The recorded evidence of testdata/evidence, for tests and benchmarks.
#ifndef CMIF_TEE_TESTING_RECORDED_EVIDENCE_H_
#define CMIF_TEE_TESTING_RECORDED_EVIDENCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cmif/tee/endorsements.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/time.h"

namespace cmif::tee::testing {

// A file below testdata/evidence. Ends the process if it cannot be read.
std::vector<uint8_t> Recorded(const std::string& name);
Evidence RecordedEvidence(const std::string& name);
Certificate RecordedCertificate(const std::string& name);  // the first
Endorsements RecordedEndorsements(const std::vector<std::string>& names);

// With the plain alphabet and padding, in one line.
std::string Base64(std::span<const uint8_t> bytes);

// Ends the process if `text` is no time.
Time At(std::string_view text);

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_RECORDED_EVIDENCE_H_
