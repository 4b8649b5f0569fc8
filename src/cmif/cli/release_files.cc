// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/release_files.h"

#include <optional>

#include "cmif/attest/clock.h"
#include "cmif/base/file.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxPolicyBytes = 1 << 20;
constexpr uint64_t kMaxSignatureBytes = 4096;

}  // namespace

Result<broker::ReleasePolicy> LoadReleasePolicy(const std::string& path,
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
  auto policy = broker::ReleasePolicy::Read(text, signature, key);
  if (policy) return policy;
  const bool of_key = policy.error().code() == Code::kInvalidArgument;
  return std::unexpected(policy.error().At(of_key ? owner_key : path));
}

Result<tee::Time> TimeOrNow(const std::string& at) {
  if (at.empty()) return tee::Time{attest::Now()};
  auto time = tee::ParseTime(at);
  if (!time) return std::unexpected(time.error().At("--at"));
  return time;
}

}  // namespace cmif::cli
