// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/kbs_token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmif/crypto/jwt.h"

namespace cmif::broker {
namespace {

using nlohmann::json;

crypto::Digest Filled(uint8_t byte) {
  crypto::Digest digest{};
  digest.fill(byte);
  return digest;
}

TokenClaims Claims(const crypto::P256Key& attested) {
  return {.issuer = "cmif-broker",
          .issued_at = 1'800'000'000,
          .expires_at = 1'800'000'600,
          .id = "t1",
          .tee_pubkey = attested.public_key().ToJwk("ECDH-ES+A256KW"),
          .platform = "snp",
          .simulated = false,
          .evidence_sha256 = Filled(1),
          .configuration_sha256 = Filled(2),
          .policy_version = 3,
          .policy_sha256 = Filled(3),
          .lease = {.id = "l1", .seconds = 600, .max_rows = 4000},
          .log_head = Filled(4)};
}

TEST(TokenTest, GoesThereAndBack) {
  const auto key = crypto::P256Key::Generate();
  const TokenClaims claims = Claims(crypto::P256Key::Generate());
  const auto read = VerifyToken(key.public_key(), SignToken(key, claims));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->issuer, claims.issuer);
  EXPECT_EQ(read->issued_at, claims.issued_at);
  EXPECT_EQ(read->expires_at, claims.expires_at);
  EXPECT_EQ(read->id, claims.id);
  EXPECT_EQ(read->tee_pubkey, claims.tee_pubkey);
  EXPECT_EQ(read->platform, claims.platform);
  EXPECT_EQ(read->simulated, claims.simulated);
  EXPECT_EQ(read->evidence_sha256, claims.evidence_sha256);
  EXPECT_EQ(read->configuration_sha256, claims.configuration_sha256);
  EXPECT_EQ(read->policy_version, claims.policy_version);
  EXPECT_EQ(read->policy_sha256, claims.policy_sha256);
  EXPECT_EQ(read->lease.id, claims.lease.id);
  EXPECT_EQ(read->lease.seconds, claims.lease.seconds);
  EXPECT_EQ(read->lease.max_rows, claims.lease.max_rows);
  EXPECT_EQ(read->log_head, claims.log_head);
}

TEST(TokenTest, AnotherKeysIsRefused) {
  const auto key = crypto::P256Key::Generate();
  const std::string token = SignToken(key, Claims(key));
  const auto read =
      VerifyToken(crypto::P256Key::Generate().public_key(), token);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kUnauthenticated);
}

// Each claim that is left out or wrong.
TEST(TokenTest, WrongClaimsAreRefused) {
  const auto key = crypto::P256Key::Generate();
  const json good = json::parse(
      *crypto::VerifyJwt(key.public_key(), SignToken(key, Claims(key))));
  ASSERT_TRUE(VerifyToken(key.public_key(), crypto::SignJwt(key, good.dump())));
  for (const char* path :
       {"/iss", "/iat", "/exp", "/jti", "/tee-pubkey", "/cmif",
        "/cmif/platform", "/cmif/verdict", "/cmif/evidence_sha256",
        "/cmif/policy", "/cmif/policy/version", "/cmif/policy/sha256",
        "/cmif/lease", "/cmif/lease/id", "/cmif/lease/seconds",
        "/cmif/lease/max_rows", "/cmif/log_head"}) {
    json changed = good;
    changed[json::json_pointer(path)] = nullptr;
    const auto read =
        VerifyToken(key.public_key(), crypto::SignJwt(key, changed.dump()));
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code(), Code::kDataLoss) << path;
  }
  json refused = good;
  refused["cmif"]["verdict"] = "refused";
  EXPECT_FALSE(
      VerifyToken(key.public_key(), crypto::SignJwt(key, refused.dump())));
  json over = good;
  over["exp"] = over["iat"];
  EXPECT_FALSE(
      VerifyToken(key.public_key(), crypto::SignJwt(key, over.dump())));
}

// What does not say that it is real counts as simulated.
TEST(TokenTest, AnAbsentSimulatedIsSimulated) {
  const auto key = crypto::P256Key::Generate();
  json claims = json::parse(
      *crypto::VerifyJwt(key.public_key(), SignToken(key, Claims(key))));
  claims["cmif"].erase("simulated");
  const auto read =
      VerifyToken(key.public_key(), crypto::SignJwt(key, claims.dump()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->simulated);
}

TEST(TimeTest, GoesThereAndBack) {
  const auto key = crypto::P256Key::Generate();
  const std::string token = SignTime(key, 1'800'000'000);
  EXPECT_EQ(*VerifyTime(key.public_key(), token), 1'800'000'000);
  EXPECT_FALSE(VerifyTime(crypto::P256Key::Generate().public_key(), token));
}

}  // namespace
}  // namespace cmif::broker
