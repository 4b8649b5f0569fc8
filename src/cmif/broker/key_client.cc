// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/key_client.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "cmif/broker/unbound_evidence.h"
#include "cmif/crypto/canonical_json.h"
#include "cmif/crypto/jwe.h"
#include "cmif/tee/evidence.h"

namespace cmif::broker {
namespace {

std::optional<Tee> TeeNamed(std::string_view name) {
  for (const Tee tee : {Tee::kSnp, Tee::kTdx, Tee::kSgx, Tee::kSimulated}) {
    if (TeeName(tee) == name) return tee;
  }
  return std::nullopt;
}

Code CodeOfHttp(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 429:
      return Code::kResourceExhausted;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition;
  }
}

// With the broker's own reason, where it gives one.
std::unexpected<Status> Refusal(const BrokerAnswer& answer) {
  const auto problem = ReadProblem(answer.body);
  return Fail(CodeOfHttp(answer.status),
              problem
                  ? fmt::format("the key broker says no: {} ({}, {})",
                                problem->detail, problem->type, answer.status)
                  : fmt::format("the key broker says no, without a reason "
                                "(HTTP status {})",
                                answer.status));
}

}  // namespace

struct KeyClient::Session {
  crypto::P256Key key;
  std::string token;
  TokenClaims claims;
  crypto::P256PublicKey broker;
};

bool MayRetry(const Status& status) {
  return status.code() == Code::kUnavailable ||
         status.code() == Code::kResourceExhausted;
}

Result<std::unique_ptr<KeyClient>> KeyClient::Create(
    std::unique_ptr<BrokerTransport> transport,
    std::unique_ptr<platform::Attester> attester, KeyRequest request,
    Retries retries) {
  if (!IsResource(request.resource)) {
    return InvalidArgument(
        "a key's version has 1 to 64 letters, digits, '.', '_' or '-'");
  }
  const auto tee = TeeNamed(attester->platform());
  if (!tee) {
    return InvalidArgument(
        "a key broker asks for evidence: --broker needs --attester");
  }
  if (!retries.sleep) {
    retries.sleep = [](std::chrono::milliseconds time) {
      std::this_thread::sleep_for(time);
    };
  }
  return std::unique_ptr<KeyClient>(
      new KeyClient(std::move(transport), std::move(attester), *tee,
                    std::move(request), std::move(retries)));
}

Result<ReleasedKey> KeyClient::Fetch() {
  std::chrono::milliseconds pause = retries_.first;
  for (int left = retries_.tries;; pause *= 2) {
    auto fetched = FetchOnce();
    if (fetched || !MayRetry(fetched.error()) || --left <= 0) return fetched;
    retries_.sleep(pause);
  }
}

Result<TokenClaims> KeyClient::Renew(const std::string& lease) {
  CMIF_ASSIGN(Session session, Attest(lease));
  if (broker_ && session.broker != *broker_) {
    return Fail(Code::kUnauthenticated,
                "another broker answers than gave the key");
  }
  return std::move(session.claims);
}

Result<ReleasedKey> KeyClient::FetchOnce() {
  CMIF_ASSIGN(Session session, Attest(std::nullopt));
  CMIF_ASSIGN(
      const BrokerAnswer answer,
      Ask({.path = ResourcePath(request_.resource), .token = session.token}));
  // The key came with this very token: whoever stands between this program and
  // the broker cannot sign another lease for it.
  const auto plain =
      crypto::DecryptJwe(session.key, answer.body, TokenBinding(session.token));
  if (!plain) return std::unexpected(plain.error().At("the broker's key"));
  auto key = crypto::SealKey::FromBytes(plain->bytes());
  if (!key) return DataLoss("the broker gave what is no bundle key");
  broker_ = session.broker;
  return ReleasedKey{*std::move(key), std::move(session.claims)};
}

Result<BrokerAnswer> KeyClient::Ask(const BrokerRequest& request) {
  CMIF_ASSIGN(BrokerAnswer answer, transport_->Send(request));
  if (answer.status != 200) return Refusal(answer);
  return answer;
}

Result<KeyClient::Session> KeyClient::Attest(
    const std::optional<std::string>& lease) {
  CMIF_ASSIGN(
      const BrokerAnswer start,
      Ask({.path = std::string(kAuthPath),
           .body = WriteAuthRequest(
               {.tee = tee_, .lease = lease, .resource = request_.resource})}));
  CMIF_ASSIGN(const KbsNonce nonce, ReadChallenge(start.body));
  crypto::P256Key key = crypto::P256Key::Generate();
  CMIF_ASSIGN(
      const std::string tee_pubkey,
      crypto::CanonicalJson(key.public_key().ToJwk(crypto::kJweAlgorithm)));
  AttestRequest attest;
  attest.nonce = nonce;
  attest.tee_pubkey = tee_pubkey;
  CMIF_ASSIGN(attest.evidence, Evidence(nonce, tee_pubkey));
  if (request_.configuration) {
    attest.configuration = request_.configuration->text();
  }
  CMIF_ASSIGN(const BrokerAnswer answer,
              Ask({.path = std::string(kAttestPath),
                   .body = WriteAttestRequest(attest),
                   .session = start.session}));
  CMIF_ASSIGN(std::string token, ReadTokenAnswer(answer.body));
  CMIF_ASSIGN(TokenClaims claims, Check(answer, token, tee_pubkey));
  if (lease && claims.lease.id != *lease) {
    return DataLoss("the key broker renewed another lease");
  }
  return Session{std::move(key), std::move(token), std::move(claims),
                 answer.key};
}

Result<std::string> KeyClient::Evidence(const KbsNonce& nonce,
                                        const std::string& tee_pubkey) {
  std::optional<std::string> configuration;
  if (request_.configuration) configuration = request_.configuration->text();
  CMIF_ASSIGN(const auto report_data,
              KbsReportData(nonce, tee_pubkey, configuration));
  CMIF_ASSIGN(const std::vector<uint8_t> bytes,
              attester_->Collect(report_data));
  CMIF_ASSIGN(const tee::Evidence evidence, tee::ReadEvidence(bytes));
  if (request_.configuration) {
    CMIF_TRY(request_.configuration->CheckEvidence(evidence));
  } else {
    CMIF_TRY(CheckIsUnbound(evidence));
  }
  return WriteEvidence(evidence);
}

// What a broker signs must be about this key, and about what was proven.
Result<TokenClaims> KeyClient::Check(const BrokerAnswer& answer,
                                     const std::string& token,
                                     const std::string& tee_pubkey) const {
  CMIF_ASSIGN(TokenClaims claims, VerifyToken(answer.key, token));
  if (claims.tee_pubkey != tee_pubkey) {
    return DataLoss("the key broker's token is about another key");
  }
  if (claims.lease.seconds == 0 || claims.expires_at <= claims.issued_at) {
    return DataLoss("the key broker's token has no time to live");
  }
  std::optional<crypto::Digest> own;
  if (request_.configuration) own = request_.configuration->Sha256();
  if (claims.configuration_sha256 && claims.configuration_sha256 != own) {
    return DataLoss(
        "the key broker's token names another configuration than the one this "
        "program runs with (--bound-config)");
  }
  return claims;
}

}  // namespace cmif::broker
