// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/verify_channels.h"

#include <algorithm>

#include "cmif/client/channel_file.h"
#include "cmif/client/channel_store.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> ChannelPaths(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;  // no folder: no channels
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == kChannelExtension) {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

ChannelFindings VerifyChannels(const fs::path& folder,
                               const model::ModelFacts& facts) {
  ChannelFindings findings;
  for (const fs::path& path : ChannelPaths(folder / kChannelFolder)) {
    ++findings.channels;
    const std::string name =
        std::string(kChannelFolder) + "/" + path.filename().string() + ": ";
    const auto file = ReadChannelFile(path);
    if (!file) {
      findings.mismatches.push_back(name + file.error().message());
    } else if (file->model_id != facts.model_id) {
      findings.mismatches.push_back(name + "made for model " + file->model_id +
                                    ", expected " + facts.model_id);
    }
  }
  return findings;
}

}  // namespace cmif::client
