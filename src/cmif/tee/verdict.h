// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_VERDICT_H_
#define CMIF_TEE_VERDICT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cmif/crypto/sha256.h"

namespace cmif::tee {

// kReported: not fatal under this policy, but to be seen.
enum class Outcome { kPass, kFail, kReported };
std::string_view OutcomeName(Outcome outcome);  // "pass", "fail", "reported"

// One thing that was looked at. docs/tee.md lists the ids.
struct Check {
  std::string id;
  Outcome outcome;
  std::string observed;
  std::string expected;
};

// What the evidence says. A claim that it makes no statement on has no value
// (null in JSON): neither true nor false.
using ClaimValue = std::variant<std::monostate, bool, uint64_t, std::string>;
struct Claim {
  std::string name;
  ClaimValue value;
};

// The state of the platform's patches.
struct TcbState {
  // Intel's word for Intel's platforms; for AMD, which has none, "minimum met",
  // "below minimum" or "no minimum" of the policy. "simulated": there is no
  // platform. Empty: not found out.
  std::string status;
  std::vector<std::string> advisories;
  std::string date;                // Intel's tcbDate, RFC 3339; else empty
  uint64_t evaluation_number = 0;  // Intel's tcbEvaluationDataNumber; else 0
  // Until when all collateral that was used is valid; else empty.
  std::string collateral_until;
};

// Which policy decided, and what it allows beyond `deployment`.
struct PolicyFacts {
  std::string name;
  std::string base;  // "deployment" or "inspection"
  uint64_t version = 0;
  crypto::Digest sha256{};
  std::vector<std::string> relaxations;
};

struct Verdict {
  // No check failed, and chain and signature were checked.
  bool accepted = false;
  std::string platform;  // "snp", "tdx", "sgx", "simulated"
  std::string form;      // what it came in: "report", "HCL blob", ...
  std::vector<Check> checks;
  std::vector<Claim> claims;
  TcbState tcb;
  PolicyFacts policy;
  crypto::Digest evidence_sha256{};  // of the file that was given
  std::string time;                  // that it was judged for, RFC 3339

  const Check* Find(std::string_view id) const;
  // The ids of the failed checks, in order.
  std::vector<std::string> Failures() const;
  void AddClaim(std::string name, ClaimValue value);
  void AddClaim(std::string name, std::span<const uint8_t> bytes);  // as hex

  // Checks are added by these.
  void Require(bool good, std::string id, std::string observed,
               std::string expected);
  void Report(std::string id, std::string observed, std::string expected);
  // Fails unless good; where it is not good but tolerated, it is reported.
  void RequireUnless(bool tolerated, bool good, std::string id,
                     std::string observed, std::string expected);

  // Sets `accepted`.
  void Decide();
};

// One JSON object in one line: docs/json.md.
std::string VerdictToJson(const Verdict& verdict);

}  // namespace cmif::tee

#endif  // CMIF_TEE_VERDICT_H_
