// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_RELEASE_POLICY_H_
#define CMIF_BROKER_RELEASE_POLICY_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/policy.h"
#include "cmif/tee/time.h"

namespace cmif::broker {

// Whom a bundle's key may be given to, and for how long.
struct ReleaseRule {
  std::string id;
  Resource resource;
  // With base `deployment`; pins measurements.
  tee::Policy platforms;
  // For simulated evidence alone.
  bool simulated = false;
  // SHA-256 of the bound configurations that are allowed; empty: any, and none.
  std::vector<crypto::Digest> configurations = {};
  uint64_t lease_seconds = 0;  // 1 to 30 days
  uint64_t max_rows = 0;       // 1 to 2^32
  uint64_t rate_per_hour = 0;  // new leases a platform; 1 to 1,000,000
};

// What an owner lets a key broker do: docs/broker.md has the JSON form. What no
// rule allows is denied. Immutable and thread-safe.
class ReleasePolicy {
 public:
  static constexpr size_t kMaxRules = 256;
  static constexpr size_t kMaxRevoked = 65536;  // of each kind

  // DATA_LOSS: no such JSON, unknown keys, values out of range;
  // FAILED_PRECONDITION: rules that would pin nothing, or that mix simulated
  // platforms with real ones. With an owner's key (Ed25519, PEM) `signature`
  // must be one of `text` under it: UNAUTHENTICATED; INVALID_ARGUMENT if the
  // key is none. Without a key nothing is checked: for looking at it alone.
  static Result<ReleasePolicy> Read(
      std::string_view text, std::optional<std::string_view> signature = {},
      std::optional<std::string_view> owner_key = {});

  const std::string& text() const { return text_; }
  const crypto::Digest& sha256() const { return sha256_; }
  bool is_signed() const { return is_signed_; }
  const std::string& name() const { return name_; }
  uint64_t version() const { return version_; }
  // After this moment nothing is allowed.
  const std::optional<tee::Time>& not_after() const { return not_after_; }
  // All rules are for simulated evidence: nothing real is released.
  bool simulated() const { return simulated_; }
  const std::vector<ReleaseRule>& rules() const { return rules_; }
  bool RevokesLease(const std::string& id) const {
    return revoked_leases_.contains(id);
  }
  bool RevokesPlatform(const std::string& id) const {
    return revoked_platforms_.contains(id);
  }

 private:
  friend class ReleasePolicyReader;
  ReleasePolicy() = default;
  std::string text_;
  crypto::Digest sha256_{};
  bool is_signed_ = false;
  std::string name_;
  uint64_t version_ = 0;
  std::optional<tee::Time> not_after_;
  bool simulated_ = false;
  std::vector<ReleaseRule> rules_;
  std::set<std::string> revoked_leases_;
  std::set<std::string> revoked_platforms_;  // hex, lower case
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_RELEASE_POLICY_H_
