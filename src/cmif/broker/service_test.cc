// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/broker/testing/test_release.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/jwe.h"
#include "cmif/crypto/jwt.h"

namespace cmif::broker {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::PlatformsOf;
using testing::PolicyText;
using testing::TestResource;
using testing::TestRule;

const std::string kBundleKey(64, '7');

// A broker, and a machine that its policy lists.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    const fs::path keys = folder_ / "keys" / TestResource().model_id;
    fs::create_directories(keys);
    fs::permissions(folder_ / "keys", fs::perms::owner_all);
    EXPECT_TRUE(
        WriteFileAtomically(keys / "1.key", AsBytes(kBundleKey + "\n")));
    rule_.platforms = PlatformsOf(snp_);
    Start();
  }

  ReleasePolicy Signed(const std::string& text) {
    return ReleasePolicy::Read(text, owner_.Sign(text), owner_.PublicPem())
        .value();
  }
  void Start() {
    service_.reset();
    tee::Endorsements endorsements;
    EXPECT_TRUE(endorsements.Add(snp_.vek.certificate.der()));
    for (const auto& crl : snp_.crls) EXPECT_TRUE(endorsements.Add(crl));
    auto service = Service::Create(
        {.policy = Signed(PolicyText({rule_}, policy_more_, version_)),
         .endorsements = std::move(endorsements),
         .key = key_,
         .bundle_keys = BundleKeys::Open(folder_ / "keys").value(),
         .store = Store::Open(folder_ / "state").value()},
        {.now = [this] { return now_; },
         .roots = &snp_.roots,
         .publish_log = publish_log_,
         .log = [this](const std::string& line) { log_ += line + "\n"; }});
    ASSERT_TRUE(service) << service.error().message();
    service_ = *std::move(service);
  }

  // POST /kbs/v0/auth; sets cookie_ and nonce_.
  HttpResponse Auth(const AuthRequest& request = {}) {
    const HttpResponse answer =
        service_->Handle({.method = "POST",
                          .path = std::string(kAuthPath),
                          .body = WriteAuthRequest(request),
                          .peer = peer_});
    if (answer.status == 200) {
      cookie_ = answer.set_cookie.substr(0, answer.set_cookie.find(';'));
      nonce_ = ReadChallenge(answer.body).value();
    }
    return answer;
  }
  // Evidence of the machine for nonce_ and the client's key.
  AttestRequest Evidence() {
    AttestRequest request;
    request.nonce = nonce_;
    request.tee_pubkey = client_.public_key().ToJwk(crypto::kJweAlgorithm);
    tee::testing::TestSnp snp = snp_;
    std::ranges::copy(*KbsReportData(nonce_, request.tee_pubkey),
                      snp.report.begin() + 0x50);
    request.evidence = WriteEvidence(snp.Sign()).value();
    return request;
  }
  static void BreakSignature(AttestRequest& request) {
    json evidence = json::parse(request.evidence);
    std::string report = evidence["report"];
    report[1200] = report[1200] == 'A' ? 'B' : 'A';
    evidence["report"] = report;
    request.evidence = evidence.dump();
  }
  HttpResponse Attest(const AttestRequest& request) {
    return service_->Handle({.method = "POST",
                             .path = std::string(kAttestPath),
                             .body = WriteAttestRequest(request),
                             .cookie = cookie_});
  }
  // Both; the claims of the token, which stays in token_.
  Result<TokenClaims> Token(const AuthRequest& auth = {}) {
    EXPECT_EQ(Auth(auth).status, 200);
    const HttpResponse answer = Attest(Evidence());
    if (answer.status != 200) {
      return Internal(std::to_string(answer.status) + " " + answer.body);
    }
    token_ = ReadTokenAnswer(answer.body).value();
    return VerifyToken(key_.public_key(), token_);
  }
  HttpResponse Key(const Resource& resource = TestResource()) {
    return service_->Handle({.method = "GET",
                             .path = ResourcePath(resource),
                             .authorization = "Bearer " + token_});
  }
  static void ExpectRefused(const HttpResponse& answer, int status,
                            const std::string& why) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.content_type, "application/problem+json");
    const auto problem = ReadProblem(answer.body);
    ASSERT_TRUE(problem) << answer.body;
    EXPECT_THAT(problem->detail, HasSubstr(why));
  }

  const cmif::testing::TempFolder folder_;
  tee::testing::TestSnp snp_;
  int64_t now_ = snp_.now.seconds;
  testing::TestOwner owner_;
  TestRule rule_;
  std::string policy_more_;
  int version_ = 1;
  bool publish_log_ = true;
  std::string log_;
  const crypto::P256Key key_ = crypto::P256Key::Generate();
  const crypto::P256Key client_ = crypto::P256Key::Generate();
  std::unique_ptr<Service> service_;
  std::string peer_ = "192.0.2.1";
  std::string cookie_;
  KbsNonce nonce_{};
  std::string token_;
};

TEST_F(ServiceTest, AListedMachineGetsATokenAndTheKey) {
  const auto claims = Token();
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->platform, "snp");
  EXPECT_FALSE(claims->simulated);
  EXPECT_EQ(claims->issued_at, now_);
  EXPECT_EQ(claims->expires_at, now_ + 600);
  EXPECT_EQ(claims->lease.max_rows, 1000U);
  EXPECT_EQ(claims->policy_version, 1U);
  const HttpResponse answer = Key();
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto plain =
      crypto::DecryptJwe(client_, answer.body, TokenBinding(token_));
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_EQ(crypto::ToHex(plain->bytes()), kBundleKey);
  EXPECT_FALSE(crypto::DecryptJwe(crypto::P256Key::Generate(), answer.body));
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr(kBundleKey)));
}

TEST_F(ServiceTest, AKeyIsForItsTokenAlone) {
  ASSERT_TRUE(Token());
  const HttpResponse answer = Key();
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_FALSE(
      crypto::DecryptJwe(client_, answer.body, TokenBinding("another")));
}

TEST_F(ServiceTest, NoLeaseOutlivesThePolicy) {
  policy_more_ =
      R"(,"not_after":")" + tee::FormatTime(tee::Time{now_ + 100}) + "\"";
  version_ = 2;
  Start();
  const auto claims = Token();
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->lease.seconds, 100U);
  EXPECT_EQ(claims->expires_at, now_ + 100);
}

TEST_F(ServiceTest, TheCookieIsAsGoodAsTheToken) {
  ASSERT_TRUE(Token());
  EXPECT_EQ(service_
                ->Handle({.method = "GET",
                          .path = ResourcePath(TestResource()),
                          .cookie = "a=b; " + cookie_})
                .status,
            200);
}

TEST_F(ServiceTest, EveryReleaseStandsInTheLog) {
  const auto claims = Token();
  ASSERT_TRUE(claims);
  ASSERT_EQ(Key().status, 200);
  const HttpResponse answer =
      service_->Handle({.method = "GET", .path = std::string(kLogPath)});
  ASSERT_EQ(answer.status, 200);
  const json log = json::parse(answer.body);
  std::vector<LogEntry> entries;
  for (const json& one : log["entries"]) {
    entries.push_back({one["number"], one["text"], {}});
    std::ranges::copy(*crypto::FromHex(one["hash"].get<std::string>()),
                      entries.back().hash.begin());
  }
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_TRUE(VerifyLog(entries));
  EXPECT_EQ(entries[1].hash, claims->log_head);
  EXPECT_THAT(entries[2].text, HasSubstr("\"kind\":\"release\""));
  EXPECT_THAT(entries[2].text, HasSubstr(claims->lease.id));
  EXPECT_EQ(log["head"], crypto::ToHex(entries[2].hash));
}

TEST_F(ServiceTest, EntriesOfTheLogAreForThoseWhoMayReadThem) {
  publish_log_ = false;
  Start();
  ASSERT_TRUE(Token());
  const auto get = [&](const std::string& query) {
    return service_->Handle(
        {.method = "GET", .path = std::string(kLogPath) + query});
  };
  const json log = json::parse(get("").body);
  EXPECT_EQ(log.size(), 1U);
  EXPECT_EQ(
      log["head"],
      crypto::ToHex(Store::Open(folder_ / "state").value()->LogHead().value()));
  ExpectRefused(get("?from=1"), 403, "--publish-log");
}

TEST_F(ServiceTest, WhatIsNoRequestIsRefused) {
  ExpectRefused(
      service_->Handle(
          {.method = "POST", .path = std::string(kAuthPath), .body = "{"}),
      400, "not a JSON object");
  ExpectRefused(service_->Handle({.method = "POST",
                                  .path = std::string(kAuthPath),
                                  .body = std::string(kMaxKbsBytes + 1, ' ')}),
                413, "at most");
  ExpectRefused(
      service_->Handle({.method = "GET", .path = std::string(kAuthPath)}), 404,
      "no such path");
  ExpectRefused(service_->Handle({.method = "GET",
                                  .path = std::string(kLogPath) + "?from=x"}),
                400, "?from=");
}

TEST_F(ServiceTest, ANonceIsGoodOnce) {
  ASSERT_EQ(Auth().status, 200);
  const AttestRequest request = Evidence();
  ASSERT_EQ(Attest(request).status, 200);
  ExpectRefused(Attest(request), 401, "no such session");
}

TEST_F(ServiceTest, ANonceOfAFailedAttemptIsGone) {
  ASSERT_EQ(Auth().status, 200);
  const AttestRequest good = Evidence();
  AttestRequest bad = good;
  bad.evidence = R"({"quote":"AAAA"})";
  EXPECT_NE(Attest(bad).status, 200);
  ExpectRefused(Attest(good), 401, "no such session");
}

TEST_F(ServiceTest, ANonceLives120Seconds) {
  ASSERT_EQ(Auth().status, 200);
  now_ += 120;
  EXPECT_EQ(Attest(Evidence()).status, 200);
  ASSERT_EQ(Auth().status, 200);
  now_ += 121;
  ExpectRefused(Attest(Evidence()), 401, "older than 120 s");
}

TEST_F(ServiceTest, AnotherSessionsNonceIsRefused) {
  ASSERT_EQ(Auth().status, 200);
  const AttestRequest request = Evidence();
  ASSERT_EQ(Auth().status, 200);  // another cookie
  ExpectRefused(Attest(request), 401, "not the one of this session");
  cookie_ = "kbs-session-id=0";
  ExpectRefused(Attest(request), 401, "no such session");
}

TEST_F(ServiceTest, StolenEvidenceForAnotherKeyIsRefused) {
  ASSERT_EQ(Auth().status, 200);
  AttestRequest request = Evidence();
  request.tee_pubkey =
      crypto::P256Key::Generate().public_key().ToJwk(crypto::kJweAlgorithm);
  ExpectRefused(Attest(request), 401, "report_data");
}

TEST_F(ServiceTest, AnotherMeasurementIsDenied) {
  snp_.report[0x90] ^= 1;
  ASSERT_EQ(Auth().status, 200);
  ExpectRefused(Attest(Evidence()), 403, "measurement");
}

TEST_F(ServiceTest, ABadSignatureIsDenied) {
  ASSERT_EQ(Auth().status, 200);
  AttestRequest request = Evidence();
  BreakSignature(request);
  ExpectRefused(Attest(request), 403, "signature");
}

TEST_F(ServiceTest, ASampleIsDenied) {
  ASSERT_EQ(Auth({.tee = Tee::kSample}).status, 200);
  AttestRequest request = Evidence();
  request.evidence = R"({"svn":"1","report_data":""})";
  ExpectRefused(Attest(request), 403, "sample");
}

TEST_F(ServiceTest, EvidenceOfAnotherPlatformIsRefused) {
  ASSERT_EQ(Auth({.tee = Tee::kTdx}).status, 200);
  ExpectRefused(Attest(Evidence()), 401, "another platform");
}

TEST_F(ServiceTest, AKeyThatIsNoneIsRefused) {
  ASSERT_EQ(Auth().status, 200);
  AttestRequest request = Evidence();
  request.tee_pubkey = R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})";
  EXPECT_EQ(Attest(request).status, 400);
}

TEST_F(ServiceTest, LeasesAreLimited) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Token());
  ASSERT_EQ(Auth().status, 200);
  ExpectRefused(Attest(Evidence()), 429, "leases of this hour");
}

TEST_F(ServiceTest, ALeaseIsRenewed) {
  const auto first = Token();
  ASSERT_TRUE(first);
  now_ += 300;
  const auto second = Token({.lease = first->lease.id});
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->lease.id, first->lease.id);
  EXPECT_EQ(second->expires_at, now_ + 600);
  // It is over 600 s after the last renewal.
  now_ += 600;
  ASSERT_EQ(Auth({.lease = first->lease.id}).status, 200);
  ExpectRefused(Attest(Evidence()), 403, "the lease is over");
}

TEST_F(ServiceTest, AnotherMachineDoesNotRenewALease) {
  const auto claims = Token();
  ASSERT_TRUE(claims);
  ASSERT_EQ(Auth({.lease = "0"}).status, 200);
  ExpectRefused(Attest(Evidence()), 403, "no such lease");
}

TEST_F(ServiceTest, ARevokedLeaseOrPlatformGetsNothing) {
  const auto claims = Token();
  ASSERT_TRUE(claims);
  const auto store = Store::Open(folder_ / "state").value();
  ASSERT_TRUE(store->RevokeLease(claims->lease.id, now_));
  ExpectRefused(Key(), 403, "revoked");
  ASSERT_EQ(Auth({.lease = claims->lease.id}).status, 200);
  ExpectRefused(Attest(Evidence()), 403, "revoked");
  ASSERT_TRUE(store->RevokePlatform(
      crypto::ToHex(std::span(snp_.report).subspan(0x1A0, 64)), now_));
  ASSERT_EQ(Auth().status, 200);
  ExpectRefused(Attest(Evidence()), 403, "platform is revoked");
}

TEST_F(ServiceTest, APolicyThatRevokesALeaseCounts) {
  const auto claims = Token();
  ASSERT_TRUE(claims);
  ASSERT_TRUE(service_->ReplacePolicy(Signed(PolicyText(
      {rule_}, R"(,"revoked":{"leases":[")" + claims->lease.id + R"("]})",
      2))));
  ExpectRefused(Key(), 401, "another release policy");
  ASSERT_EQ(Auth({.lease = claims->lease.id}).status, 200);
  ExpectRefused(Attest(Evidence()), 403, "revokes this lease");
}

TEST_F(ServiceTest, OlderOrUnsignedPoliciesAreNotAdopted) {
  ASSERT_TRUE(service_->ReplacePolicy(Signed(PolicyText({rule_}, {}, 2))));
  EXPECT_EQ(service_->ReplacePolicy(Signed(PolicyText({rule_}, {}, 1)))
                .error()
                .code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(service_
                ->ReplacePolicy(
                    ReleasePolicy::Read(PolicyText({rule_}, {}, 3)).value())
                .error()
                .code(),
            Code::kFailedPrecondition);
}

TEST_F(ServiceTest, TokensThatAreNoneGiveNoKey) {
  ExpectRefused(
      service_->Handle({.method = "GET", .path = ResourcePath(TestResource())}),
      401, "no token");
  token_ = "a.b.c";
  ExpectRefused(Key(), 401, "no token of this broker");
  const auto claims = Token();
  ASSERT_TRUE(claims);
  token_ = SignToken(client_, *claims);
  ExpectRefused(Key(), 401, "no token of this broker");
}

TEST_F(ServiceTest, AnOldTokenGivesNoKey) {
  ASSERT_TRUE(Token());
  now_ += 599;
  EXPECT_EQ(Key().status, 200);
  now_ += 1;
  ExpectRefused(Key(), 401, "the token is over");
}

TEST_F(ServiceTest, AnotherResourceIsDenied) {
  ASSERT_TRUE(Token());
  ExpectRefused(Key({TestResource().model_id, "2"}), 403,
                "not for this resource");
  ASSERT_EQ(Auth({.resource = Resource{std::string(64, 'b'), "1"}}).status,
            200);
  ExpectRefused(Attest(Evidence()), 403, "no rule");
}

TEST_F(ServiceTest, AKeyThatIsNotThereIsNotFound) {
  ASSERT_TRUE(Token());
  fs::remove_all(folder_ / "keys" / TestResource().model_id);
  ExpectRefused(Key(), 404, "no key for this model");
}

TEST_F(ServiceTest, RulesWithoutAKeyAreNamedAtTheStart) {
  EXPECT_EQ(log_, "");
  fs::remove_all(folder_ / "keys" / TestResource().model_id);
  Start();
  EXPECT_THAT(log_, HasSubstr("rule '" + rule_.id + "' gives no key yet"));
}

TEST_F(ServiceTest, CollateralDoesNotGoBack) {
  ASSERT_TRUE(Token());
  const tee::testing::TestSnp& snp = snp_;
  snp_.crls = {tee::testing::MakeCrl(
      snp.ark, {}, {snp.now.seconds - 2 * tee::kSecondsPerDay},
      {snp.now.seconds + tee::kSecondsPerDay})};
  Start();
  ASSERT_EQ(Auth().status, 200);
  ExpectRefused(Attest(Evidence()), 403, "collateral went back");
}

TEST_F(ServiceTest, TokensOutliveARestart) {
  ASSERT_TRUE(Token());
  Start();
  EXPECT_EQ(Key().status, 200);
}

TEST_F(ServiceTest, OneAddressDoesNotTakeAllSessions) {
  for (size_t i = 0; i < Service::kMaxSessionsOfPeer; ++i) {
    ASSERT_EQ(Auth().status, 200);
  }
  ExpectRefused(Auth(), 429, "of this address");
  peer_ = "192.0.2.2";
  EXPECT_EQ(Auth().status, 200);
}

// Before the chain: a machine whose signature is bad is told of this first.
TEST_F(ServiceTest, ReplayedEvidenceIsRefusedBeforeItsChain) {
  ASSERT_EQ(Auth().status, 200);
  AttestRequest request = Evidence();
  BreakSignature(request);
  ASSERT_EQ(Auth().status, 200);
  request.nonce = nonce_;
  ExpectRefused(Attest(request), 401, "report_data");
}

TEST_F(ServiceTest, ATokenGetsFewKeys) {
  ASSERT_TRUE(Token());
  for (int i = 0; i < Service::kMaxReleasesOfToken; ++i) {
    ASSERT_EQ(Key().status, 200);
  }
  ExpectRefused(Key(), 429, "attest again");
  ASSERT_TRUE(Token());
  EXPECT_EQ(Key().status, 200);
}

TEST_F(ServiceTest, NothingIsAllowedWhileTheClockIsBehindTheLog) {
  ASSERT_TRUE(Token());
  now_ -= 300;
  EXPECT_EQ(Key().status, 200);
  now_ -= 1;
  ExpectRefused(Key(), 503, "try later");
  auto again = Store::Open(folder_ / "state").value();
  const auto adopted = again->AdoptPolicy(9, {}, false, now_);
  ASSERT_FALSE(adopted);
  EXPECT_THAT(adopted.error().message(), HasSubstr("301 s behind"));
}

TEST_F(ServiceTest, SessionsAreLimited) {
  for (size_t i = 0; i < Service::kMaxSessions; ++i) {
    peer_ = std::to_string(i / Service::kMaxSessionsOfPeer);
    ASSERT_EQ(Auth().status, 200);
  }
  peer_ = "another";
  ExpectRefused(Auth(), 429, "too many clients");
  now_ += 121;
  EXPECT_EQ(Auth().status, 200);
}

TEST_F(ServiceTest, PolicyAndTimeAreShown) {
  const json policy = json::parse(
      service_->Handle({.method = "GET", .path = std::string(kPolicyPath)})
          .body);
  EXPECT_EQ(policy["policy"], PolicyText({rule_}));
  EXPECT_EQ(policy["sha256"],
            crypto::ToHex(crypto::Sha256Of(AsBytes(PolicyText({rule_})))));
  const HttpResponse time =
      service_->Handle({.method = "GET", .path = std::string(kTimePath)});
  EXPECT_EQ(*VerifyTime(key_.public_key(), *ReadTokenAnswer(time.body)), now_);
}

TEST(BundleKeysTest, FoldersOpenToOthersAreRefused) {
  const cmif::testing::TempFolder folder;
  const fs::path& keys = folder.path();
  EXPECT_TRUE(BundleKeys::Open(keys));
  fs::permissions(keys, fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(BundleKeys::Open(keys).error().code(), Code::kPermissionDenied);
  EXPECT_EQ(BundleKeys::Open(keys / "none").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace cmif::broker
