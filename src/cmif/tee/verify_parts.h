// SPDX-License-Identifier: Apache-2.0
// What the verifiers of the platforms share. Not for other rooms.
#ifndef CMIF_TEE_VERIFY_PARTS_H_
#define CMIF_TEE_VERIFY_PARTS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmif/tee/verify.h"

namespace cmif::tee {

// Everything a verdict is a function of.
struct Case {
  const Roots& roots;
  const Evidence& evidence;
  const Endorsements& endorsements;
  const Policy& policy;
  const Expectations& expectations;
  Time now;
};

void VerifySnp(const Case& the, Verdict& verdict);
void VerifyQuote(const Case& the, Verdict& verdict);
void VerifySimulated(const Case& the, Verdict& verdict);

// "yes" or "no".
std::string YesNo(bool yes);

// The chain of `leaf`, if there is one: BuildChain(). Adds ID.trusted and
// ID.time (every certificate of the chain is valid now).
std::optional<std::vector<Certificate>> CheckChain(
    const Certificate& leaf, std::span<const Certificate> intermediates,
    std::span<const Certificate> roots, Time now, const std::string& id,
    Verdict& verdict);

// The newest list of this issuer that is valid now, or was `grace_days` ago;
// null if there is none. `expired`: the newest one is not valid now.
struct FoundCrl {
  const Crl* crl = nullptr;
  bool expired = false;
};
FoundCrl FindCrl(std::span<const Crl> crls, const Certificate& issuer, Time now,
                 uint64_t grace_days = 0);

// Adds report_data: equal to what is expected, or reported; and certificate.*
// where a certificate carried the evidence.
void CheckReportData(const Case& the, std::span<const uint8_t> report_data,
                     Verdict& verdict);

bool IsListed(std::span<const uint8_t> value, const ByteList& allowed);

// Adds policy.platform; null: the policy has no rules for it.
template <typename Rules>
const Rules* RulesOf(const std::optional<Rules>& rules, const char* platform,
                     Verdict& verdict) {
  verdict.Require(rules.has_value(), "policy.platform", platform,
                  "a platform that the policy has rules for");
  return rules ? &*rules : nullptr;
}

// Adds a check that `value` is one of `allowed`. An empty list asks for
// nothing and adds nothing.
void CheckListed(std::span<const uint8_t> value, const ByteList& allowed,
                 const std::string& id, Verdict& verdict);

// Adds measurement where the policy allows any: reported. Returns whether.
bool ReportAnyMeasurement(const Policy& policy,
                          std::span<const uint8_t> measurement,
                          Verdict& verdict);

// Keeps the earlier of the collateral's ends, for TcbState::collateral_until.
void NoteCollateralEnd(Time end, Verdict& verdict);

}  // namespace cmif::tee

#endif  // CMIF_TEE_VERIFY_PARTS_H_
