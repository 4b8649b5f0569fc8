// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/kbs_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/canonical_json.h"
#include "cmif/crypto/jwt.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::broker {
namespace {

using nlohmann::json;
using tee::JsonReader;

constexpr uint64_t kMostSeconds = 1ULL << 53;
constexpr uint64_t kMostLeaseSeconds = 366ULL * 86400;
constexpr uint64_t kMostRows = 1ULL << 53;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

crypto::Digest ReadDigest(JsonReader& fields, const char* key) {
  crypto::Digest digest{};
  std::ranges::copy(fields.Hex(key, digest.size()), digest.begin());
  return digest;
}

// A member that must be an object; an empty one, marked bad, where it is none.
const json& ReadObject(JsonReader& fields, const char* key) {
  static const json none = json::object();
  const json* object = fields.Find(key);
  if (object != nullptr && object->is_object()) return *object;
  fields.Bad(key, "an object");
  return none;
}

Result<void> ReadLease(const json& object, Lease& lease) {
  JsonReader fields(object, "cmif.lease");
  lease.id = fields.Text("id");
  lease.seconds = fields.Number("seconds", kMostLeaseSeconds);
  lease.max_rows = fields.Number("max_rows", kMostRows);
  if (lease.seconds == 0) fields.Bad("seconds", "at least 1");
  return fields.Done();
}

Result<void> ReadVerdict(const json& object, TokenClaims& claims) {
  JsonReader fields(object, "cmif");
  claims.platform = fields.Text("platform");
  claims.simulated = fields.Flag("simulated", true);
  if (fields.Text("verdict") != "accepted") {
    fields.Bad("verdict", "'accepted'");
  }
  claims.evidence_sha256 = ReadDigest(fields, "evidence_sha256");
  if (fields.Has("configuration_sha256")) {
    claims.configuration_sha256 = ReadDigest(fields, "configuration_sha256");
  }
  claims.log_head = ReadDigest(fields, "log_head");
  JsonReader policy(ReadObject(fields, "policy"), "cmif.policy");
  claims.policy_version = policy.Number("version", 1ULL << 53);
  claims.policy_sha256 = ReadDigest(policy, "sha256");
  CMIF_TRY(ReadLease(ReadObject(fields, "lease"), claims.lease));
  CMIF_TRY(policy.Done());
  return fields.Done();
}

}  // namespace

std::string SignToken(const crypto::P256Key& key, const TokenClaims& claims) {
  json cmif = {{"platform", claims.platform},
               {"verdict", "accepted"},
               {"simulated", claims.simulated},
               {"evidence_sha256", crypto::ToHex(claims.evidence_sha256)},
               {"policy",
                {{"version", claims.policy_version},
                 {"sha256", crypto::ToHex(claims.policy_sha256)}}},
               {"lease",
                {{"id", claims.lease.id},
                 {"seconds", claims.lease.seconds},
                 {"max_rows", claims.lease.max_rows}}},
               {"log_head", crypto::ToHex(claims.log_head)}};
  if (claims.configuration_sha256) {
    cmif["configuration_sha256"] = crypto::ToHex(*claims.configuration_sha256);
  }
  return crypto::SignJwt(
      key, Dump({{"iss", claims.issuer},
                 {"iat", claims.issued_at},
                 {"nbf", claims.issued_at},
                 {"exp", claims.expires_at},
                 {"jti", claims.id},
                 {"tee-pubkey", json::parse(claims.tee_pubkey, nullptr, false)},
                 {"cmif", cmif}}));
}

Result<TokenClaims> VerifyToken(const crypto::P256PublicKey& key,
                                std::string_view token) {
  CMIF_ASSIGN(const std::string text, crypto::VerifyJwt(key, token));
  CMIF_ASSIGN(const json object, tee::ParseStrictJson(text));
  JsonReader fields(object, "");
  TokenClaims claims;
  claims.issuer = fields.Text("iss");
  claims.issued_at = static_cast<int64_t>(fields.Number("iat", kMostSeconds));
  claims.expires_at = static_cast<int64_t>(fields.Number("exp", kMostSeconds));
  claims.id = fields.Text("jti");
  if (claims.expires_at <= claims.issued_at) fields.Bad("exp", "after iat");
  const json& tee_pubkey = ReadObject(fields, "tee-pubkey");
  auto canonical = crypto::CanonicalJson(Dump(tee_pubkey));
  if (!canonical) fields.Bad("tee-pubkey", "a JWK");
  CMIF_TRY(ReadVerdict(ReadObject(fields, "cmif"), claims));
  CMIF_TRY(fields.Done());
  claims.tee_pubkey = *std::move(canonical);
  return claims;
}

std::string TokenBinding(std::string_view token) {
  return crypto::ToBase64Url(crypto::Sha256Of(AsBytes(token)));
}

std::string SignTime(const crypto::P256Key& key, int64_t now) {
  return crypto::SignJwt(key, Dump({{"now", now}}));
}

Result<int64_t> VerifyTime(const crypto::P256PublicKey& key,
                           std::string_view token) {
  CMIF_ASSIGN(const std::string text, crypto::VerifyJwt(key, token));
  CMIF_ASSIGN(const json object, tee::ParseStrictJson(text));
  JsonReader fields(object, "");
  const auto now = static_cast<int64_t>(fields.Number("now", kMostSeconds));
  CMIF_TRY(fields.Done());
  return now;
}

}  // namespace cmif::broker
