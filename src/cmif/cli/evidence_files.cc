// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/evidence_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "cmif/attest/clock.h"
#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/cli/terminal.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxPolicyBytes = 1 << 20;
constexpr uint64_t kMaxSignatureBytes = 4096;

Result<void> AddFile(const std::filesystem::path& path,
                     tee::Endorsements& endorsements) {
  CMIF_ASSIGN(const std::string text, ReadFile(path, tee::kMaxCrlBytes));
  const auto added = endorsements.Add(AsBytes(text));
  if (!added) return std::unexpected(added.error().At(path.string()));
  return {};
}

// A folder may hold other things too: they are counted and passed over.
Result<void> AddFolder(const std::filesystem::path& folder,
                       tee::Endorsements& endorsements) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path());
  }
  if (error) {
    return PermissionDenied(folder.string() + ": " + error.message());
  }
  std::ranges::sort(files);
  size_t others = 0;
  for (const std::filesystem::path& file : files) {
    const auto added = AddFile(file, endorsements);
    if (!added && added.error().code() != Code::kDataLoss) {
      return std::unexpected(added.error());
    }
    if (!added) ++others;
  }
  if (others > 0) {
    Note(fmt::format("{}: {} files are no endorsements",
                     text::Printable(folder.string()), others));
  }
  return {};
}

template <typename Policy>
Result<Policy> LoadSigned(const std::string& path,
                          const std::string& owner_key) {
  CMIF_ASSIGN(const std::string text, ReadFile(path, kMaxPolicyBytes));
  std::optional<std::string> key;
  std::optional<std::string> signature;
  if (!owner_key.empty()) {
    CMIF_ASSIGN(key, ReadFile(owner_key, kMaxSignatureBytes));
    if (auto found = ReadFile(path + ".sig", kMaxSignatureBytes)) {
      signature = *std::move(found);
    }
  }
  auto policy = Policy::Read(text, signature, key);
  if (policy) return policy;
  const bool of_key = policy.error().code() == Code::kInvalidArgument;
  return std::unexpected(policy.error().At(of_key ? owner_key : path));
}

}  // namespace

Result<tee::Endorsements> LoadEndorsements(
    const std::vector<std::string>& paths) {
  tee::Endorsements endorsements;
  for (const std::string& path : paths) {
    std::error_code error;
    CMIF_TRY(std::filesystem::is_directory(path, error)
                 ? AddFolder(path, endorsements)
                 : AddFile(path, endorsements));
  }
  return endorsements;
}

Result<tee::Policy> LoadAttestationPolicy(const std::string& path,
                                          const std::string& owner_key) {
  return LoadSigned<tee::Policy>(path, owner_key);
}

Result<broker::ReleasePolicy> LoadReleasePolicy(const std::string& path,
                                                const std::string& owner_key) {
  return LoadSigned<broker::ReleasePolicy>(path, owner_key);
}

Result<tee::Time> TimeOrNow(const std::string& at) {
  if (at.empty()) return tee::Time{attest::Now()};
  auto time = tee::ParseTime(at);
  if (!time) return std::unexpected(time.error().At("--at"));
  return time;
}

}  // namespace cmif::cli
