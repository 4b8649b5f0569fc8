// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cmif/attest/clock.h"
#include "cmif/base/byte_reader.h"
#include "cmif/base/random.h"
#include "cmif/broker/collateral_floors.h"
#include "cmif/broker/report_data.h"
#include "cmif/broker/service-inl.h"

namespace cmif::broker {

namespace {

constexpr int64_t kSessionSeconds = 600;  // once it is attested

std::string RandomHex() {
  OsRandom random;
  std::array<uint8_t, 32> bytes{};
  FillRandom(random, bytes);
  return crypto::ToHex(bytes);
}

bool SameBytes(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  uint8_t difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<uint8_t>(a[i] ^ b[i]);
  }
  return difference == 0;
}

struct HttpName {
  int status;
  const char* type;
};

HttpName NameOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kDataLoss:
    case Code::kUnimplemented:
      return {400, "malformed"};
    case Code::kUnauthenticated:
      return {401, "unauthenticated"};
    case Code::kPermissionDenied:
    case Code::kFailedPrecondition:
      return {403, "denied"};
    case Code::kNotFound:
      return {404, "not-found"};
    case Code::kOutOfRange:
      return {413, "too-large"};
    case Code::kResourceExhausted:
      return {429, "too-many"};
    default:
      return {503, "unavailable"};
  }
}

// Of our own files and state nothing is told.
HttpResponse ErrorAnswer(const Status& status) {
  const HttpName name = NameOf(status.code());
  const std::string detail = name.status == 503
                                 ? "the broker cannot answer now: try later"
                                 : status.message();
  return {.status = name.status,
          .body = WriteProblem({name.type, detail}),
          .content_type = "application/problem+json"};
}

// Why no rule allowed it: of the first rules, so that the owner can tell.
std::string Reasons(const std::vector<RuleDecision>& decisions) {
  constexpr size_t kMostRules = 4;
  if (decisions.empty()) return "the release policy has no rule for this";
  std::string text = "no rule of the release policy allows it";
  for (size_t i = 0; i < std::min(decisions.size(), kMostRules); ++i) {
    text += fmt::format("; rule '{}': {}", decisions[i].rule->id,
                        decisions[i].reason);
  }
  return text;
}

}  // namespace

Service::Service(Parts parts, ServiceOptions options)
    : options_([&] {
        if (!options.now) options.now = attest::Now;
        if (options.roots == nullptr) options.roots = &tee::VendorRoots();
        if (!options.log) options.log = [](const std::string&) {};
        return std::move(options);
      }()),
      endorsements_(std::move(parts.endorsements)),
      key_(std::move(parts.key)),
      bundle_keys_(std::move(parts.bundle_keys)),
      store_(std::move(parts.store)) {}

Result<std::unique_ptr<Service>> Service::Create(Parts parts,
                                                 ServiceOptions options) {
  ReleasePolicy policy = std::move(parts.policy);
  std::unique_ptr<Service> service(
      new Service(std::move(parts), std::move(options)));
  CMIF_TRY(service->ReplacePolicy(std::move(policy)));
  return service;
}

Result<void> Service::ReplacePolicy(ReleasePolicy policy) {
  if (!policy.is_signed()) {
    return FailedPrecondition(
        "a broker needs a release policy that its owner "
        "signed");
  }
  auto adopted = std::make_shared<const ReleasePolicy>(std::move(policy));
  {
    const std::lock_guard lock(mutex_);  // store and memory change together
    CMIF_TRY(store_->AdoptPolicy(adopted->version(), adopted->sha256(),
                                 adopted->simulated(), Now()));
    policy_ = adopted;
  }
  for (const ReleaseRule& rule : adopted->rules()) {
    if (const auto key = bundle_keys_.Read(rule.resource); !key) {
      options_.log(fmt::format("rule '{}' gives no key yet: {}", rule.id,
                               key.error().message()));
    }
  }
  return {};
}

std::shared_ptr<const ReleasePolicy> Service::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

HttpResponse Service::Handle(const HttpRequest& request) {
  auto answer = Route(request);
  if (answer) return *std::move(answer);
  options_.log(fmt::format("refused ({}): {}", CodeName(answer.error().code()),
                           answer.error().message()));
  return ErrorAnswer(answer.error());
}

Result<HttpResponse> Service::Route(const HttpRequest& request) {
  if (request.body.size() > kMaxKbsBytes) {
    return OutOfRange(
        fmt::format("a message may have {} bytes at most", kMaxKbsBytes));
  }
  if (request.method == "POST") {
    if (request.path == kAuthPath) return Auth(request);
    if (request.path == kAttestPath) return Attest(request);
  }
  if (request.method == "GET") {
    if (request.path.starts_with(kResourcePath)) return Release(request);
    if (request.path == kPolicyPath) return ShowPolicy();
    if (request.path.substr(0, request.path.find('?')) == kLogPath) {
      return ShowLog(request.path);
    }
    if (request.path == kTimePath) {
      return HttpResponse{.body = WriteTokenAnswer(SignTime(key_, Now()))};
    }
  }
  return NotFound("this broker has no such path");
}

Result<void> Service::CheckRoom(const std::string& peer, int64_t now) {
  std::erase_if(sessions_, [&](const auto& entry) {
    const int64_t life =
        entry.second.token.empty() ? kNonceSeconds : kSessionSeconds;
    return entry.second.made_at + life < now;
  });
  const auto of_peer = std::ranges::count_if(
      sessions_, [&](const auto& entry) { return entry.second.peer == peer; });
  if (static_cast<size_t>(of_peer) >= kMaxSessionsOfPeer) {
    return ResourceExhausted("too many sessions of this address: try later");
  }
  if (sessions_.size() >= kMaxSessions) {
    return ResourceExhausted("too many clients at once: try later");
  }
  return {};
}

Result<HttpResponse> Service::Auth(const HttpRequest& request) {
  CMIF_ASSIGN(const AuthRequest auth, ReadAuthRequest(request.body));
  Session session;
  session.tee = auth.tee;
  session.lease = auth.lease;
  session.resource = auth.resource;
  session.peer = request.peer;
  session.made_at = Now();
  OsRandom random;
  FillRandom(random, session.nonce);
  const KbsNonce nonce = session.nonce;
  const std::string id = RandomHex();
  const std::lock_guard lock(mutex_);
  CMIF_TRY(CheckRoom(session.peer, session.made_at));
  sessions_.emplace(id, std::move(session));
  return HttpResponse{
      .body = WriteChallenge(nonce),
      .set_cookie = fmt::format("{}={}; Path=/; Secure; HttpOnly; "
                                "SameSite=Strict",
                                kSessionCookie, id)};
}

// A nonce is gone once it was tried, whatever comes of it.
Result<Service::Session> Service::TakeSession(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (id.empty() || found == sessions_.end() || !found->second.token.empty()) {
    return Unauthenticated(
        "there is no such session: POST /kbs/v0/auth comes first, and a nonce "
        "is good once");
  }
  Session session = std::move(found->second);
  sessions_.erase(found);
  if (session.made_at + kNonceSeconds < Now()) {
    return Unauthenticated(fmt::format(
        "the nonce is older than {} s: begin again", kNonceSeconds));
  }
  return session;
}

Result<HttpResponse> Service::Attest(const HttpRequest& request) {
  const std::string id = SessionIdOf(request.cookie);
  CMIF_ASSIGN(Session session, TakeSession(id));
  CMIF_ASSIGN(const AttestRequest attest, ReadAttestRequest(request.body));
  if (!SameBytes(attest.nonce, session.nonce)) {
    return Unauthenticated("the nonce is not the one of this session");
  }
  CMIF_ASSIGN(const TokenClaims claims, Decide(session, attest));
  session.token = SignToken(key_, claims);
  HttpResponse answer{.body = WriteTokenAnswer(session.token)};
  const std::lock_guard lock(mutex_);
  sessions_.emplace(id, std::move(session));
  return answer;
}

Result<TokenClaims> Service::Decide(const Session& session,
                                    const AttestRequest& request) {
  if (session.tee == Tee::kSample) {
    return PermissionDenied("a sample proves nothing and is given no key");
  }
  CMIF_TRY(crypto::P256PublicKey::FromJwk(request.tee_pubkey));
  CMIF_ASSIGN(
      const auto report_data,
      KbsReportData(request.nonce, request.tee_pubkey, request.configuration));
  CMIF_ASSIGN(const tee::Evidence evidence,
              tee::ReadEvidence(AsBytes(request.evidence)));
  if (TeeOf(evidence.platform) != session.tee) {
    return Unauthenticated(
        "the evidence is of another platform than the one "
        "that the session began with");
  }
  CMIF_TRY(CheckReportData(evidence, report_data));
  const Presented presented{*options_.roots, evidence, endorsements_,
                            report_data, request.configuration};
  const tee::Time now{Now()};
  const auto policy = this->policy();
  const auto decisions =
      JudgeRelease(*policy, presented, now, session.resource);
  const auto allowed = std::ranges::find_if(decisions, &RuleDecision::allowed);
  if (allowed == decisions.end()) return PermissionDenied(Reasons(decisions));
  CMIF_TRY(OfStore(
      store_->RaiseFloors(CollateralFloors(presented, allowed->verdict, now))));
  CMIF_ASSIGN(Lease lease, OfStore(Grant(session, *policy, *allowed)));
  CMIF_ASSIGN(const crypto::Digest head, OfStore(store_->LogHead()));
  const auto seconds = static_cast<int64_t>(lease.seconds);
  return TokenClaims{.issuer = options_.issuer,
                     .issued_at = now.seconds,
                     .expires_at = now.seconds + seconds,
                     .id = RandomHex(),
                     .tee_pubkey = request.tee_pubkey,
                     .platform = allowed->verdict.platform,
                     .simulated = allowed->rule->simulated,
                     .evidence_sha256 = evidence.file_sha256,
                     .configuration_sha256 = allowed->configuration_sha256,
                     .policy_version = policy->version(),
                     .policy_sha256 = policy->sha256(),
                     .lease = std::move(lease),
                     .log_head = head};
}

Result<Lease> Service::Grant(const Session& session,
                             const ReleasePolicy& policy,
                             const RuleDecision& decision) {
  const ReleaseRule& rule = *decision.rule;
  for (const std::string& id : decision.platform_ids) {
    CMIF_ASSIGN(const bool revoked, store_->IsPlatformRevoked(id));
    if (revoked) return PermissionDenied("the platform is revoked");
  }
  const LeaseHolder holder{.rule = rule.id,
                           .platform_ids = decision.platform_ids,
                           .platform = decision.verdict.platform};
  const int64_t now = Now();
  uint64_t seconds = rule.lease_seconds;
  if (const auto end = policy.not_after()) {  // no lease outlives its policy
    const int64_t left = std::max<int64_t>(end->seconds - now, 1);
    seconds = std::min(seconds, static_cast<uint64_t>(left));
  }
  const LeaseTerms terms{seconds, rule.rate_per_hour, policy.version()};
  Lease lease{{}, seconds, rule.max_rows};
  if (session.lease) {
    lease.id = *session.lease;
    if (policy.RevokesLease(lease.id)) {
      return PermissionDenied("the release policy revokes this lease");
    }
    CMIF_TRY(store_->RenewLease(lease.id, holder, terms, now));
  } else {
    CMIF_ASSIGN(lease.id, store_->IssueLease(holder, terms, now));
  }
  return lease;
}

}  // namespace cmif::broker
