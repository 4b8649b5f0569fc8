// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_RELEASE_FILES_H_
#define CMIF_CLI_RELEASE_FILES_H_

#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/release_policy.h"
#include "cmif/tee/time.h"

namespace cmif::cli {

// The release policy in `path`. With an owner's key (PEM file; empty: none) its
// signature is `path`.sig, as `openssl pkeyutl -sign -rawin` writes it. Errors
// of broker::ReleasePolicy::Read, naming the file.
Result<broker::ReleasePolicy> LoadReleasePolicy(const std::string& path,
                                                const std::string& owner_key);

// RFC 3339; empty: now. INVALID_ARGUMENT naming --at.
Result<tee::Time> TimeOrNow(const std::string& at);

}  // namespace cmif::cli

#endif  // CMIF_CLI_RELEASE_FILES_H_
