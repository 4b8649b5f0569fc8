// SPDX-License-Identifier: Apache-2.0
// Service: keys for those who have a token, and what anybody may read.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "cmif/broker/service-inl.h"
#include "cmif/crypto/jwe.h"

namespace cmif::broker {
namespace {

using nlohmann::json;

constexpr std::string_view kBearer = "Bearer ";
}  // namespace

Result<std::string> Service::TokenOf(const HttpRequest& request) {
  if (request.authorization.starts_with(kBearer)) {
    return request.authorization.substr(kBearer.size());
  }
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(SessionIdOf(request.cookie));
  if (found == sessions_.end() || found->second.token.empty()) {
    return Unauthenticated(
        "no token: POST /kbs/v0/auth and /kbs/v0/attest come first");
  }
  return found->second.token;
}

Result<void> Service::CheckLease(const ReleasePolicy& policy,
                                 const TokenClaims& claims,
                                 const Resource& resource) {
  if (claims.policy_sha256 != policy.sha256()) {
    return Unauthenticated(
        "the token is of another release policy: attest again");
  }
  if (const auto end = policy.not_after(); end && *end < tee::Time{Now()}) {
    return PermissionDenied("the release policy is over");
  }
  if (policy.RevokesLease(claims.lease.id)) {
    return PermissionDenied("the release policy revokes this lease");
  }
  CMIF_ASSIGN(const LeaseHolder holder,
              OfStore(store_->FindLease(claims.lease.id, Now())));
  for (const ReleaseRule& rule : policy.rules()) {
    if (rule.id == holder.rule && rule.resource == resource) return {};
  }
  return PermissionDenied(
      "the lease is not for this resource (auth takes extra-params.resource)");
}

// Each is an entry of the log.
Result<void> Service::CountRelease(const TokenClaims& claims) {
  const std::lock_guard lock(mutex_);
  std::erase_if(spent_, [now = Now()](const auto& entry) {
    return entry.second.until <= now;
  });
  Spent& spent = spent_[claims.id];
  spent.until = claims.expires_at;
  if (++spent.releases <= kMaxReleasesOfToken) return {};
  return ResourceExhausted("this token had its keys: attest again");
}

Result<HttpResponse> Service::Release(const HttpRequest& request) {
  CMIF_ASSIGN(const Resource resource, ReadResourcePath(request.path));
  CMIF_ASSIGN(const std::string token, TokenOf(request));
  const auto claims = VerifyToken(key_.public_key(), token);
  if (!claims) return Unauthenticated("this is no token of this broker's");
  if (Now() >= claims->expires_at) {
    return Unauthenticated("the token is over: attest again");
  }
  CMIF_ASSIGN(const auto recipient,
              crypto::P256PublicKey::FromJwk(claims->tee_pubkey));
  const auto policy = this->policy();
  CMIF_TRY(CheckLease(*policy, *claims, resource));
  CMIF_TRY(CountRelease(*claims));
  CMIF_ASSIGN(const crypto::SealKey key, bundle_keys_.Read(resource));
  // First on the disk, then out.
  CMIF_TRY(OfStore(store_->NoteRelease(claims->lease.id, resource,
                                       claims->evidence_sha256,
                                       policy->version(), Now())));
  return HttpResponse{
      .body = crypto::EncryptJwe(recipient, key.bytes(), TokenBinding(token))};
}

Result<HttpResponse> Service::ShowPolicy() {
  const auto policy = this->policy();
  const json object = {{"version", policy->version()},
                       {"sha256", crypto::ToHex(policy->sha256())},
                       {"simulated", policy->simulated()},
                       {"policy", policy->text()}};
  return HttpResponse{
      .body = object.dump(-1, ' ', false, json::error_handler_t::replace)};
}

Result<HttpResponse> Service::ShowLog(const std::string& path) {
  uint64_t first = 1;
  const std::string query = path.substr(kLogPath.size());
  constexpr std::string_view kFrom = "?from=";
  if (!query.empty()) {
    const char* end = query.data() + query.size();
    const auto read =
        query.starts_with(kFrom)
            ? std::from_chars(query.data() + kFrom.size(), end, first)
            : std::from_chars_result{query.data(), std::errc::invalid_argument};
    if (read.ec != std::errc() || read.ptr != end) {
      return InvalidArgument("the log takes ?from=NUMBER alone");
    }
  }
  CMIF_ASSIGN(const crypto::Digest head, OfStore(store_->LogHead()));
  if (!options_.publish_log) {
    if (query.empty()) {
      return HttpResponse{.body = json{{"head", crypto::ToHex(head)}}.dump()};
    }
    return PermissionDenied(
        "this broker shows the head of its log alone (--publish-log)");
  }
  CMIF_ASSIGN(const auto entries, OfStore(store_->ReadLog(first)));
  json list = json::array();
  for (const LogEntry& entry : entries) {
    list.push_back({{"number", entry.number},
                    {"hash", crypto::ToHex(entry.hash)},
                    {"text", entry.text}});
  }
  const json object = {{"head", crypto::ToHex(head)}, {"entries", list}};
  return HttpResponse{
      .body = object.dump(-1, ' ', false, json::error_handler_t::replace)};
}

}  // namespace cmif::broker
