// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/verify_channels.h"

#include <algorithm>

#include "cmif/client/channel_file.h"
#include "cmif/client/channel_store.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> ChannelPaths(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;
  fs::directory_iterator at(folder, failed);
  if (failed == std::errc::no_such_file_or_directory) return paths;
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    if (at->path().extension() == kChannelExtension) {
      paths.push_back(at->path());
    }
  }
  if (failed) return DataLoss("cannot be read: " + failed.message());
  std::ranges::sort(paths);
  return paths;
}

Result<void> VerifyChannel(const fs::path& path,
                           const model::ModelFacts& facts) {
  CMIF_ASSIGN(const ChannelFile file, ReadChannelFile(path));
  CMIF_TRY(ReadChannelWords(path));
  if (file.model_id == facts.model_id) return {};
  return FailedPrecondition("made for model " + file.model_id + ", expected " +
                            facts.model_id);
}

}  // namespace

ChannelFindings VerifyChannels(const fs::path& folder,
                               const model::ModelFacts& facts) {
  ChannelFindings findings;
  const std::string name = kChannelFolder;
  const auto paths = ChannelPaths(folder / name);
  if (!paths) {
    findings.mismatches.push_back(name + ": " + paths.error().message());
    return findings;
  }
  findings.channels = paths->size();
  for (const fs::path& path : *paths) {
    const auto verified = VerifyChannel(path, facts);
    if (verified) continue;
    findings.mismatches.push_back(
        name + "/" + path.filename().string() + ": " +
        verified.error().message() +
        "; delete it: it is computed again when it is needed");
  }
  return findings;
}

}  // namespace cmif::client
