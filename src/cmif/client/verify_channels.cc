// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/verify_channels.h"

#include <algorithm>
#include <memory>

#include "cmif/client/channel_file.h"
#include "cmif/client/channel_store.h"
#include "cmif/model/container.h"

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

bool IsSealed(const fs::path& path) {
  const auto reader = model::ContainerReader::Open(path);
  return reader && reader->header().sealed;
}

Result<void> VerifyChannel(const fs::path& path, const model::ModelFacts& facts,
                           const crypto::SealKey* key) {
  CMIF_ASSIGN(const ChannelFile file, ReadChannelFile(path, key));
  CMIF_TRY(ReadChannelWords(path, key));
  if (file.model_id == facts.model_id) return {};
  return FailedPrecondition("made for model " + file.model_id + ", expected " +
                            facts.model_id);
}

}  // namespace

ChannelFindings VerifyChannels(const fs::path& folder,
                               const model::ModelFacts& facts,
                               const model::BundleAccess& access) {
  const auto key = ChannelKeyOf(access);
  ChannelFindings findings;
  const std::string name = kChannelFolder;
  const auto paths = ChannelPaths(folder / name);
  if (!paths) {
    findings.mismatches.push_back(name + ": " + paths.error().message());
    return findings;
  }
  findings.channels = paths->size();
  for (const fs::path& path : *paths) {
    const auto verified = VerifyChannel(path, facts, key.get());
    if (verified) continue;
    if (key == nullptr && IsSealed(path)) {
      ++findings.sealed;
      continue;
    }
    findings.mismatches.push_back(
        name + "/" + path.filename().string() + ": " +
        verified.error().message() +
        (verified.error().code() == Code::kPermissionDenied
             ? ""
             : " (or delete it: it is computed again when it is needed)"));
  }
  return findings;
}

}  // namespace cmif::client
