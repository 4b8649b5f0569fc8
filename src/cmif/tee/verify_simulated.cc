// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/verify_parts.h"

namespace cmif::tee {
namespace {

void AddClaims(const SimulatedEvidence& evidence, Verdict& verdict) {
  verdict.AddClaim("simulated", true);
  verdict.AddClaim("measurement", evidence.measurement);
  verdict.AddClaim("report_data", evidence.report_data);
  verdict.AddClaim("host_data", evidence.host_data);
  verdict.AddClaim("platform_id", evidence.platform_id);
  verdict.AddClaim("key", evidence.key);
  verdict.AddClaim("debug", evidence.debug());
}

// What stands where vendors have a chain: a key that the policy lists.
void CheckOrigin(const Case& the, const SimulatedEvidence& evidence,
                 Verdict& verdict) {
  const auto& rules = the.policy.simulated();
  verdict.Require(rules && IsListed(evidence.key, rules->keys), "chain.trusted",
                  crypto::ToHex(evidence.key),
                  "a key that the policy lists in simulated.keys");
  verdict.Report("chain.time", "a simulated key has no certificate",
                 "nothing that could expire");
  const bool good = crypto::VerifyEd25519(
      evidence.key,
      std::span(the.evidence.bytes).first(SimulatedEvidence::kSignedBytes),
      evidence.signature);
  verdict.Require(good, "signature", good ? "good" : "bad",
                  "Ed25519 over bytes 0 to 0xff, by the key in them");
}

}  // namespace

void VerifySimulated(const Case& the, Verdict& verdict) {
  verdict.tcb.status = "simulated";
  verdict.RequireUnless(the.policy.allow_simulated(), false, "policy.simulated",
                        "simulated: no machine vouches for anything",
                        "evidence of a machine, or a policy that says "
                        "allow_simulated");
  const auto evidence = SimulatedEvidence::Parse(the.evidence.bytes);
  verdict.Require(evidence.has_value(), "evidence.form",
                  evidence ? "complete" : evidence.error().message(),
                  "simulated evidence");
  if (!evidence) return;
  verdict.Require(true, "evidence.version", "1", "1");
  verdict.Require(evidence->reserved_is_zero(), "evidence.reserved",
                  fmt::format("flags {:#x}", evidence->flags), "bit 0 alone");
  CheckOrigin(the, *evidence, verdict);
  AddClaims(*evidence, verdict);
  CheckReportData(the, evidence->report_data, verdict);
  const auto* const rules =
      RulesOf(the.policy.simulated(), "simulated", verdict);
  if (rules == nullptr) return;
  verdict.Require(!evidence->debug(), "debug", YesNo(evidence->debug()), "no");
  if (!ReportAnyMeasurement(the.policy, evidence->measurement, verdict)) {
    CheckListed(evidence->measurement, rules->measurements, "measurement",
                verdict);
  }
  CheckListed(evidence->host_data, rules->host_data, "simulated.host_data",
              verdict);
  CheckListed(evidence->platform_id, rules->platform_ids, "platform_id",
              verdict);
}

}  // namespace cmif::tee
