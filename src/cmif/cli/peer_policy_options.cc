// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/peer_policy_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "cmif/cli/evidence_files.h"
#include "cmif/cli/terminal.h"
#include "cmif/text/printable.h"

namespace cmif::cli {

void AddPeerPolicyOptions(CLI::App& command, const char* flag, const char* what,
                          PeerPolicyFlags& flags) {
  command.add_option(flag, flags.policy, what);
  command.add_option("--policy-key", flags.policy_key,
                     fmt::format("the policy's owner (Ed25519, PEM): FILE.sig "
                                 "of {} must be its signature",
                                 flag));
  command
      .add_option("--endorsements", flags.endorsements,
                  fmt::format("with {}: certificates, revocation lists and "
                              "collateral, a FILE or a folder of them; may be "
                              "repeated",
                              flag))
      ->allow_extra_args(false);
}

Result<std::shared_ptr<attest::EvidenceJudge>> LoadPeerPolicy(
    const char* flag, const PeerPolicyFlags& flags) {
  if (flags.policy.empty()) {
    if (flags.policy_key.empty() && flags.endorsements.empty()) return nullptr;
    return InvalidArgument(
        fmt::format("--policy-key and --endorsements need {}", flag));
  }
  CMIF_ASSIGN(tee::Policy policy,
              LoadAttestationPolicy(flags.policy, flags.policy_key));
  if (policy.signature() == tee::Policy::Signature::kBad) {
    return Fail(Code::kUnauthenticated,
                fmt::format("{}: {}.sig is no signature of it by --policy-key",
                            flags.policy, flags.policy));
  }
  if (policy.signature() == tee::Policy::Signature::kNone &&
      !policy.allow_unsigned_policy()) {
    return InvalidArgument(
        fmt::format("{}: this policy decides only with --policy-key, its "
                    "owner's key (or says allow_unsigned_policy)",
                    flags.policy));
  }
  if (!policy.relaxations().empty()) {
    Note(fmt::format("{}: beyond deployment this policy allows {}",
                     text::Printable(flags.policy),
                     fmt::join(policy.relaxations(), ", ")));
  }
  if (policy.allow_simulated()) {
    Note(
        fmt::format("{}: this policy allows SIMULATED evidence, which proves "
                    "nothing about a machine",
                    text::Printable(flags.policy)));
  }
  CMIF_ASSIGN(tee::Endorsements endorsements,
              LoadEndorsements(flags.endorsements));
  return std::make_shared<attest::EvidenceJudge>(std::move(policy),
                                                 std::move(endorsements));
}

}  // namespace cmif::cli
