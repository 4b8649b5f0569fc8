// SPDX-License-Identifier: Apache-2.0
// What a verdict on evidence rests on, read from files.
#ifndef CMIF_CLI_EVIDENCE_FILES_H_
#define CMIF_CLI_EVIDENCE_FILES_H_

#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/broker/release_policy.h"
#include "cmif/tee/endorsements.h"
#include "cmif/tee/policy.h"

namespace cmif::cli {

// Files, or folders of them; a file of a folder that is none is passed over,
// and counted on standard error. Errors name the path.
Result<tee::Endorsements> LoadEndorsements(
    const std::vector<std::string>& paths);

// The policy in `path`. With an owner's key (PEM file; empty: none) its
// signature is `path`.sig, as `openssl pkeyutl -sign -rawin` writes it. Errors
// of tee::Policy::Read, naming the file.
Result<tee::Policy> LoadAttestationPolicy(const std::string& path,
                                          const std::string& owner_key);
// The same of a release policy.
Result<broker::ReleasePolicy> LoadReleasePolicy(const std::string& path,
                                                const std::string& owner_key);

// RFC 3339; empty: now. INVALID_ARGUMENT naming --at.
Result<tee::Time> TimeOrNow(const std::string& at);

}  // namespace cmif::cli

#endif  // CMIF_CLI_EVIDENCE_FILES_H_
