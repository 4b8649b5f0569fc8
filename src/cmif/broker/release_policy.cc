// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/release_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::broker {

using nlohmann::json;
using tee::JsonReader;

namespace {

constexpr std::string_view kKind = "cmif-release-policy";
constexpr size_t kMaxNameBytes = 64;
constexpr uint64_t kMaxLeaseSeconds = 30ULL * 86400;
constexpr uint64_t kMaxRows = 1ULL << 32;
constexpr uint64_t kMaxRate = 1'000'000;

uint64_t ReadAtLeastOne(JsonReader& fields, const char* key, uint64_t most) {
  const uint64_t number = fields.Number(key, most);
  if (number == 0) {
    fields.Bad(key, fmt::format("a whole number from 1 to {}", most));
  }
  return number;
}

std::string ReadName(JsonReader& fields, const char* key) {
  std::string name = fields.Text(key);
  if (name.empty() || name.size() > kMaxNameBytes) {
    fields.Bad(key, "1 to 64 bytes long");
  }
  return name;
}

Result<void> CheckSignature(std::string_view text,
                            std::optional<std::string_view> signature,
                            std::string_view owner_key) {
  CMIF_ASSIGN(const crypto::Ed25519PublicKey key,
              crypto::Ed25519PublicKeyFromPem(owner_key));
  crypto::Ed25519Signature bytes{};
  if (signature && signature->size() == bytes.size()) {
    std::ranges::copy(AsBytes(*signature), bytes.begin());
    if (crypto::VerifyEd25519(key, AsBytes(text), bytes)) return {};
  }
  return Fail(Code::kUnauthenticated,
              "the release policy is not signed by this owner (openssl pkeyutl "
              "-sign -rawin writes its signature)");
}

// The attestation policy of a rule. The whole document is signed, so its parts
// need no signature of their own.
Result<tee::Policy> ReadPlatforms(const json& object, const std::string& rule,
                                  uint64_t version, bool simulated) {
  if (!object.is_object()) {
    return DataLoss(fmt::format("rule '{}': platforms is not an object", rule));
  }
  for (const char* key : {"kind", "name", "version", "base",
                          "allow_unsigned_policy", "allow_any_measurement"}) {
    if (object.contains(key)) {
      return DataLoss(fmt::format(
          "rule '{}': platforms.{} is not for release policies, which are "
          "deployment policies, signed as a whole, that pin what runs",
          rule, key));
    }
  }
  json whole = object;
  whole["kind"] = "cmif-attestation-policy";
  whole["name"] = rule;
  whole["version"] = version;
  whole["base"] = "deployment";
  // The rule has a section for it, and the document says it too.
  if (simulated && !whole.contains("allow_simulated")) {
    whole["allow_simulated"] = true;
  }
  auto policy =
      tee::Policy::ReadPart(whole.dump(), tee::Policy::Signature::kGood);
  if (policy) return policy;
  return std::unexpected(policy.error().At(fmt::format("rule '{}'", rule)));
}

// Simulated evidence goes through a policy of its own, or not at all.
Result<bool> IsSimulated(const json& platforms, const std::string& rule) {
  const bool simulated =
      platforms.contains("simulated") || platforms.contains("allow_simulated");
  if (!simulated) return false;
  for (const char* real : {"snp", "tdx", "sgx"}) {
    if (platforms.contains(real)) {
      return FailedPrecondition(
          fmt::format("rule '{}' mixes simulated platforms with {}: what is "
                      "simulated needs a release policy of its own",
                      rule, real));
    }
  }
  return true;
}

}  // namespace

// In lower case, as everything else writes them.
template <typename Set>
Result<void> AddHex(const std::vector<std::string>& ids, const char* name,
                    Set& all) {
  for (const std::string& id : ids) {
    const auto bytes = crypto::FromHex(id);
    if (!bytes || bytes->empty()) {
      return DataLoss(
          fmt::format("revoked.{} has an entry that is no hex", name));
    }
    all.insert(crypto::ToHex(*bytes));
  }
  return {};
}

// Fills a ReleasePolicy from its JSON form.
class ReleasePolicyReader {
 public:
  Result<ReleasePolicy> Read(std::string_view text) {
    CMIF_ASSIGN(const json object, tee::ParseStrictJson(text));
    policy_.text_ = text;
    policy_.sha256_ = crypto::Sha256Of(AsBytes(text));
    JsonReader fields(object, "");
    if (fields.Text("kind") != kKind) {
      fields.Bad("kind", fmt::format("'{}'", kKind));
    }
    policy_.name_ = ReadName(fields, "name");
    policy_.version_ = ReadAtLeastOne(fields, "version", 1ULL << 53);
    policy_.simulated_ = fields.Flag("allow_simulated", false);
    if (fields.Has("not_after")) {
      const auto time = tee::ParseTime(fields.Text("not_after"));
      if (!time) fields.Bad("not_after", "a time as 2027-01-31T00:00:00Z");
      policy_.not_after_ = time ? *time : tee::Time{};
    }
    if (!fields.Has("rules")) fields.Bad("rules", "a list");
    const json& rules = fields.Array("rules");
    const json* revoked = fields.Find("revoked");
    CMIF_TRY(fields.DoneStrictly());
    CMIF_TRY(ReadRules(rules));
    if (revoked != nullptr) CMIF_TRY(ReadRevoked(*revoked));
    return std::move(policy_);
  }

  void Signed() { policy_.is_signed_ = true; }

 private:
  Result<void> ReadRules(const json& rules) {
    if (rules.size() > ReleasePolicy::kMaxRules) {
      return ResourceExhausted("a release policy has more than 256 rules");
    }
    std::set<std::string> ids;
    for (const json& object : rules) {
      CMIF_ASSIGN(ReleaseRule rule, ReadRule(object));
      if (!ids.insert(rule.id).second) {
        return DataLoss(fmt::format("two rules have the id '{}'", rule.id));
      }
      policy_.rules_.push_back(std::move(rule));
    }
    return {};
  }

  Result<ReleaseRule> ReadRule(const json& object) {
    JsonReader fields(object, "rules");
    const std::string id = ReadName(fields, "id");
    const Resource resource{fields.Text("model"), fields.Text("model_version")};
    if (!IsResource(resource)) {
      fields.Bad("model", "64 lower-case hex digits, or its version no name");
    }
    const json* platforms = fields.Find("platforms");
    if (platforms == nullptr) fields.Bad("platforms", "an object");
    auto configurations = ReadConfigurations(fields);
    const uint64_t lease =
        ReadAtLeastOne(fields, "lease_seconds", kMaxLeaseSeconds);
    const uint64_t rows = ReadAtLeastOne(fields, "max_rows", kMaxRows);
    const uint64_t rate = ReadAtLeastOne(fields, "rate_per_hour", kMaxRate);
    CMIF_TRY(fields.DoneStrictly());
    CMIF_ASSIGN(const bool simulated, IsSimulated(*platforms, id));
    if (simulated != policy_.simulated_) {
      return FailedPrecondition(fmt::format(
          "rule '{}' is {}for simulated platforms, but the policy {} "
          "allow_simulated: the two are not mixed",
          id, simulated ? "" : "not ",
          policy_.simulated_ ? "says" : "does not say"));
    }
    CMIF_ASSIGN(tee::Policy policy,
                ReadPlatforms(*platforms, id, policy_.version_, simulated));
    return ReleaseRule{.id = id,
                       .resource = resource,
                       .platforms = std::move(policy),
                       .simulated = simulated,
                       .configurations = std::move(configurations),
                       .lease_seconds = lease,
                       .max_rows = rows,
                       .rate_per_hour = rate};
  }

  // Either some are listed, or the rule says that it does not care.
  static std::vector<crypto::Digest> ReadConfigurations(JsonReader& fields) {
    std::vector<crypto::Digest> list;
    for (const auto& bytes : fields.HexList("configurations", 32)) {
      std::ranges::copy(bytes, list.emplace_back().begin());
    }
    const bool any = fields.Flag("allow_any_configuration", false);
    if (any == !list.empty()) {
      fields.Bad("configurations",
                 "a list of hashes (or say allow_any_configuration, which "
                 "binds clients to nothing)");
    }
    return list;
  }

  Result<void> ReadRevoked(const json& object) {
    JsonReader fields(object, "revoked");
    const auto leases = fields.Texts("leases");
    const auto platforms = fields.Texts("platform_ids");
    CMIF_TRY(fields.DoneStrictly());
    if (std::max(leases.size(), platforms.size()) >
        ReleasePolicy::kMaxRevoked) {
      return ResourceExhausted("a release policy revokes more than 65,536");
    }
    CMIF_TRY(AddHex(leases, "leases", policy_.revoked_leases_));
    return AddHex(platforms, "platform_ids", policy_.revoked_platforms_);
  }

  ReleasePolicy policy_;
};

Result<ReleasePolicy> ReleasePolicy::Read(
    std::string_view text, std::optional<std::string_view> signature,
    std::optional<std::string_view> owner_key) {
  ReleasePolicyReader reader;
  if (owner_key) {
    CMIF_TRY(CheckSignature(text, signature, *owner_key));
    reader.Signed();
  }
  return reader.Read(text);
}

}  // namespace cmif::broker
