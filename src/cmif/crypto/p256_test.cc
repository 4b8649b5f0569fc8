// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/p256.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/testing/jwk_key.h"

namespace cmif::crypto {
namespace {

// RFC 7518, appendix C: the keys of Alice and Bob.
constexpr std::string_view kAlice =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",)"
    R"("y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"})";
constexpr std::string_view kBobPrivate =
    "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";

TEST(P256Test, AgreesAsRfc7518AppendixC) {
  const auto alice = P256PublicKey::FromJwk(kAlice);
  ASSERT_TRUE(alice) << alice.error().message();
  const auto secret = testing::KeyOfJwk(kBobPrivate).Agree(*alice);
  ASSERT_TRUE(secret);
  const std::vector<uint8_t> wanted = {158, 86,  217, 29,  129, 113, 53,  211,
                                       114, 131, 66,  131, 191, 132, 38,  156,
                                       251, 49,  110, 163, 218, 128, 106, 72,
                                       246, 218, 167, 121, 140, 254, 144, 196};
  EXPECT_TRUE(std::ranges::equal(secret->bytes(), wanted));
}

TEST(P256Test, BothSidesAgree) {
  const P256Key one = P256Key::Generate();
  const P256Key other = P256Key::Generate();
  EXPECT_TRUE(std::ranges::equal(one.Agree(other.public_key())->bytes(),
                                 other.Agree(one.public_key())->bytes()));
}

TEST(P256Test, JwkComesBack) {
  const P256PublicKey key = P256Key::Generate().public_key();
  const std::string plain = key.ToJwk();
  EXPECT_EQ(P256PublicKey::FromJwk(plain).value(), key);
  const std::string with = key.ToJwk("ECDH-ES+A256KW");
  EXPECT_TRUE(with.starts_with(R"({"alg":"ECDH-ES+A256KW","crv":"P-256")"));
  EXPECT_EQ(P256PublicKey::FromJwk(with)->Thumbprint(), key.Thumbprint());
}

TEST(P256Test, SignsAndVerifies) {
  const P256Key key = P256Key::Generate();
  const Es256Signature signature = key.Sign(AsBytes("a token"));
  EXPECT_TRUE(key.public_key().Verifies(AsBytes("a token"), signature));
  EXPECT_FALSE(key.public_key().Verifies(AsBytes("b token"), signature));
  EXPECT_FALSE(
      P256Key::Generate().public_key().Verifies(AsBytes("a token"), signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    Es256Signature changed = signature;
    changed[i] ^= 0x40;
    EXPECT_FALSE(key.public_key().Verifies(AsBytes("a token"), changed)) << i;
  }
  EXPECT_FALSE(key.public_key().Verifies(AsBytes("a token"), {}));
}

TEST(P256Test, WhatIsNoPointIsRefused) {
  auto point = P256Key::Generate().public_key().point();
  point[63] ^= 1;
  EXPECT_FALSE(P256PublicKey::FromPoint(point));
  EXPECT_FALSE(P256PublicKey::FromPoint(std::array<uint8_t, 64>{}));
  EXPECT_FALSE(P256PublicKey::FromPoint(std::span(point).first(63)));
}

TEST(P256Test, OtherJwksAreRefused) {
  std::string jwk(kAlice);
  for (const auto& [from, to] :
       {std::pair{"P-256", "P-384"}, std::pair{"EC", "RSA"},
        std::pair{"\"y\"", "\"z\""}, std::pair{"gI0G", "AAAA"},
        std::pair{"gI0G", "+I0G"}, std::pair{"gI0G", ""}}) {
    std::string other = jwk;
    other.replace(other.find(from), std::string(from).size(), to);
    const auto key = P256PublicKey::FromJwk(other);
    ASSERT_FALSE(key) << other;
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument);
  }
  EXPECT_FALSE(P256PublicKey::FromJwk(""));
  EXPECT_FALSE(P256PublicKey::FromJwk("[]"));
  EXPECT_FALSE(P256Key::FromPem("-----BEGIN PRIVATE KEY-----\n"));
}

}  // namespace
}  // namespace cmif::crypto
