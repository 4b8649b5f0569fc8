// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_POLICY_OPTIONS_H_
#define CMIF_CLI_POLICY_OPTIONS_H_

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "cmif/client/policy.h"

namespace cmif::cli {

// --public, --kind (repeatable) and --counts; client::LoadPolicy() reads them.
// `options` must live as long as the command.
void AddPolicyOptions(CLI::App& command, client::PolicyOptions& options);

// What a policy did, for people, one line each; none for a policy that changes
// nothing.
std::vector<std::string> PolicyLines(const client::AppliedPolicy& policy);

}  // namespace cmif::cli

#endif  // CMIF_CLI_POLICY_OPTIONS_H_
