// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_VERIFY_CHANNELS_H_
#define CMIF_CLIENT_VERIFY_CHANNELS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "cmif/model/bundle.h"
#include "cmif/model/manifest.h"

namespace cmif::client {

struct ChannelFindings {
  size_t channels = 0;  // files that were looked at
  size_t sealed = 0;    // of these, that could not be opened without a key
  std::vector<std::string> mismatches;
};

// Certifies every channel that is kept beside a bundle and holds it against the
// model: each that does not hold, or belongs to another model, is one line, and
// so is a folder of channels that cannot be read.
ChannelFindings VerifyChannels(const std::filesystem::path& folder,
                               const model::ModelFacts& facts,
                               const model::BundleAccess& access = {});

}  // namespace cmif::client

#endif  // CMIF_CLIENT_VERIFY_CHANNELS_H_
