// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/p256.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"

namespace cmif::crypto {
namespace {

// RFC 7515, appendix A.3.
constexpr const char* kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr const char* kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

std::string Jwk(const std::string& x, const std::string& y) {
  return R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + y + "\"}";
}

TEST(P256Test, JwkGoesThereAndBack) {
  const auto key = P256PublicKey::FromJwk(Jwk(kX, kY));
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(ToBase64Url(std::span(key->point()).first(32)), kX);
  EXPECT_EQ(ToBase64Url(std::span(key->point()).last(32)), kY);
  EXPECT_EQ(P256PublicKey::FromJwk(key->ToJwk("ECDH-ES+A256KW")).value(), *key);
}

// RFC 7638: the hash of the four members in their order, written by hand.
TEST(P256Test, ThumbprintIsTheHashOfFourMembers) {
  const auto key = P256PublicKey::FromJwk(Jwk(kX, kY)).value();
  const std::string text = std::string(R"({"crv":"P-256","kty":"EC","x":")") +
                           kX + R"(","y":")" + kY + "\"}";
  EXPECT_EQ(key.Thumbprint(), Sha256Of(AsBytes(text)));
}

TEST(P256Test, WhatIsNoKeyIsRefused) {
  for (const std::string& json :
       {std::string(), std::string("{}"), std::string("[]"), Jwk(kX, kX),
        Jwk("AAAA", kY), Jwk(kX, ""), std::string(R"({"kty":"RSA"})")}) {
    const auto key = P256PublicKey::FromJwk(json);
    ASSERT_FALSE(key) << json;
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument) << json;
  }
  EXPECT_FALSE(P256PublicKey::FromPoint(std::vector<uint8_t>(64, 1)));
  EXPECT_FALSE(P256PublicKey::FromPoint(std::vector<uint8_t>(63, 1)));
}

TEST(P256Test, BothSidesAgree) {
  const P256Key a = P256Key::Generate();
  const P256Key b = P256Key::Generate();
  const auto one = a.Agree(b.public_key()).value();
  const auto two = b.Agree(a.public_key()).value();
  EXPECT_EQ(one.size(), 32);
  EXPECT_TRUE(std::ranges::equal(one.bytes(), two.bytes()));
  const auto other = a.Agree(a.public_key()).value();
  EXPECT_FALSE(std::ranges::equal(one.bytes(), other.bytes()));
}

TEST(P256Test, SignaturesOfOthersAndOfOtherTextsAreRefused) {
  const P256Key key = P256Key::Generate();
  const auto signature = key.Sign(AsBytes("text"));
  EXPECT_TRUE(key.public_key().Verifies(AsBytes("text"), signature));
  EXPECT_FALSE(key.public_key().Verifies(AsBytes("texT"), signature));
  EXPECT_FALSE(
      P256Key::Generate().public_key().Verifies(AsBytes("text"), signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(key.public_key().Verifies(AsBytes("text"), changed)) << i;
  }
}

}  // namespace
}  // namespace cmif::crypto
