// SPDX-License-Identifier: Apache-2.0
// The flags of a policy that the other side of a connection must meet.
#ifndef CMIF_CLI_PEER_POLICY_OPTIONS_H_
#define CMIF_CLI_PEER_POLICY_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cmif/attest/evidence_judge.h"
#include "cmif/base/status.h"

namespace cmif::cli {

struct PeerPolicyFlags {
  std::string policy;  // empty: no evidence is demanded
  std::string policy_key;
  std::vector<std::string> endorsements;
};
// `flag` names the policy's FILE: "--server-policy"; --policy-key and
// --endorsements go with it. `flags` must live as long as the command.
void AddPeerPolicyOptions(CLI::App& command, const char* flag, const char* what,
                          PeerPolicyFlags& flags);

// Null without a policy. INVALID_ARGUMENT naming the flag, and the errors of
// evidence_files.h. Says on standard error what a policy tolerates that must
// not be overlooked.
Result<std::shared_ptr<attest::EvidenceJudge>> LoadPeerPolicy(
    const char* flag, const PeerPolicyFlags& flags);

}  // namespace cmif::cli

#endif  // CMIF_CLI_PEER_POLICY_OPTIONS_H_
