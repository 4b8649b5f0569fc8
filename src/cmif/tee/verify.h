// SPDX-License-Identifier: Apache-2.0
// The verifier: a pure function of evidence, endorsements, policy and time. It
// reads no file, no clock and no network.
#ifndef CMIF_TEE_VERIFY_H_
#define CMIF_TEE_VERIFY_H_

#include <array>
#include <cstdint>
#include <optional>

#include "cmif/tee/endorsements.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/policy.h"
#include "cmif/tee/roots.h"
#include "cmif/tee/time.h"
#include "cmif/tee/verdict.h"

namespace cmif::tee {

// What the caller wants to see beside the policy.
struct Expectations {
  // REPORT_DATA, all 64 bytes.
  std::optional<std::array<uint8_t, 64>> report_data = std::nullopt;
};

// Judges evidence against the vendors' roots for the moment `now`. Every check
// is in the verdict; it is accepted only if none failed. Never fails itself:
// what cannot be checked is a failed check. Thread-safe.
Verdict Verify(const Evidence& evidence, const Endorsements& endorsements,
               const Policy& policy, const Expectations& expectations,
               Time now);

// The same against roots of the caller's choice: for tests and simulation.
Verdict VerifyAgainst(const Roots& roots, const Evidence& evidence,
                      const Endorsements& endorsements, const Policy& policy,
                      const Expectations& expectations, Time now);

}  // namespace cmif::tee

#endif  // CMIF_TEE_VERIFY_H_
