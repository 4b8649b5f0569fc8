// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_SERVICE_H_
#define CMIF_BROKER_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/bundle_keys.h"
#include "cmif/broker/judge_release.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/kbs_token.h"
#include "cmif/broker/release_policy.h"
#include "cmif/broker/store.h"
#include "cmif/crypto/p256.h"
#include "cmif/tee/endorsements.h"

namespace cmif::broker {

// What of an HTTP request counts here.
struct HttpRequest {
  std::string method;
  std::string path;  // with its query
  std::string body = {};
  std::string cookie = {};         // of "Cookie"
  std::string authorization = {};  // of "Authorization"
  std::string peer = {};           // who asks: an address, without its port
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string set_cookie = {};
};

struct ServiceOptions {
  std::string issuer = "cmif-broker";
  std::function<int64_t()> now = {};  // seconds since 1970; none: the clock
  const tee::Roots* roots = nullptr;  // none: the vendors'
  // Whether anybody may read the log's entries, which name platforms; its head
  // always.
  bool publish_log = false;
  // Gets a line of what was refused, and of rules whose keys are not there;
  // without ids of platforms or evidence.
  std::function<void(const std::string&)> log = {};
};

// Answers a key broker's requests: nonces, tokens and keys. Every nonce is used
// once and lives 120 s; a key leaves for the attested key alone, after its
// release stands in the log. Errors are answers with status 400, 401, 403, 404,
// 413, 429 or 503 (docs/broker.md). Thread-safe.
class Service {
 public:
  static constexpr int64_t kNonceSeconds = 120;
  static constexpr size_t kMaxSessions = 4096;
  static constexpr size_t kMaxSessionsOfPeer = 512;
  // Keys that one token gets: one, and where an answer was lost.
  static constexpr int kMaxReleasesOfToken = 4;

  struct Parts {
    ReleasePolicy policy;  // signed
    tee::Endorsements endorsements;
    crypto::P256Key key;  // signs tokens
    BundleKeys bundle_keys;
    std::unique_ptr<Store> store;
  };
  // FAILED_PRECONDITION: the policy is not signed, or older than one that was
  // in force; and the store's errors.
  static Result<std::unique_ptr<Service>> Create(Parts parts,
                                                 ServiceOptions options = {});

  HttpResponse Handle(const HttpRequest& request);

  // Another policy from now on; errors as of Create(), and the old one stays.
  // Tokens of the old one give no key any more.
  Result<void> ReplacePolicy(ReleasePolicy policy);

 private:
  // What is known of a client between its requests.
  struct Session {
    KbsNonce nonce{};
    Tee tee = Tee::kSnp;
    std::optional<std::string> lease = {};
    std::optional<Resource> resource = {};
    std::string peer = {};
    int64_t made_at = 0;
    std::string token = {};  // once it is attested
  };
  Service(Parts parts, ServiceOptions options);
  Result<HttpResponse> Route(const HttpRequest& request);
  Result<HttpResponse> Auth(const HttpRequest& request);
  Result<HttpResponse> Attest(const HttpRequest& request);
  Result<HttpResponse> Release(const HttpRequest& request);
  Result<HttpResponse> ShowPolicy();
  Result<HttpResponse> ShowLog(const std::string& path);
  // For one more session of this address, with mutex_ held; forgets what is
  // over.
  Result<void> CheckRoom(const std::string& peer, int64_t now);
  Result<Session> TakeSession(const std::string& id);
  Result<std::string> TokenOf(const HttpRequest& request);
  Result<TokenClaims> Decide(const Session& session,
                             const AttestRequest& request);
  Result<Lease> Grant(const Session& session, const ReleasePolicy& policy,
                      const RuleDecision& decision);
  Result<void> CountRelease(const TokenClaims& claims);
  Result<void> CheckLease(const ReleasePolicy& policy,
                          const TokenClaims& claims, const Resource& resource);
  std::shared_ptr<const ReleasePolicy> policy() const;
  int64_t Now() const { return options_.now(); }

  const ServiceOptions options_;
  const tee::Endorsements endorsements_;
  const crypto::P256Key key_;
  const BundleKeys bundle_keys_;
  const std::unique_ptr<Store> store_;

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const ReleasePolicy> policy_;
  std::map<std::string, Session> sessions_;
  struct Spent {
    int releases = 0;
    int64_t until = 0;
  };
  std::map<std::string, Spent> spent_;  // by a token's id, while it lives
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_SERVICE_H_
