// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/ed25519.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <string>

#include "cmif/base/byte_reader.h"

namespace cmif::crypto {
namespace {

// The secret and public key of RFC 8032, section 7.1, test 1.
constexpr std::string_view kPrivatePem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
constexpr std::string_view kRfcPublicHex =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

TEST(Ed25519Test, SignsAsRfc8032SaysTest1) {
  const auto signer = Ed25519Signer::FromPem(kPrivatePem);
  ASSERT_TRUE(signer) << signer.error().message();
  const Ed25519PublicKey key = signer->public_key();
  std::string hex(65, '\0');
  sodium_bin2hex(hex.data(), hex.size(), key.data(), key.size());
  EXPECT_EQ(hex.substr(0, 64), kRfcPublicHex);
  const Ed25519Signature signature = signer->Sign({});
  std::string signature_hex(129, '\0');
  sodium_bin2hex(signature_hex.data(), signature_hex.size(), signature.data(),
                 signature.size());
  EXPECT_EQ(signature_hex.substr(0, 128),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

// libsodium is the second implementation.
TEST(Ed25519Test, LibsodiumAgrees) {
  const Ed25519Signer signer = Ed25519Signer::Generate();
  const std::string message = "bundle header";
  const Ed25519Signature signature = signer.Sign(AsBytes(message));
  EXPECT_EQ(
      crypto_sign_verify_detached(signature.data(), AsBytes(message).data(),
                                  message.size(), signer.public_key().data()),
      0);
}

TEST(Ed25519Test, AnythingChangedFails) {
  const Ed25519Signer signer = Ed25519Signer::Generate();
  const Ed25519PublicKey key = signer.public_key();
  const std::string message = "bundle header";
  const Ed25519Signature signature = signer.Sign(AsBytes(message));
  EXPECT_TRUE(VerifyEd25519(key, AsBytes(message), signature));
  EXPECT_FALSE(VerifyEd25519(key, AsBytes("bundle heades"), signature));
  for (size_t at = 0; at < signature.size(); ++at) {
    Ed25519Signature changed = signature;
    changed[at] ^= 1;
    EXPECT_FALSE(VerifyEd25519(key, AsBytes(message), changed)) << at;
  }
  EXPECT_FALSE(VerifyEd25519(Ed25519Signer::Generate().public_key(),
                             AsBytes(message), signature));
}

TEST(Ed25519Test, WhatIsNoKeyIsRefusedWithoutQuotingIt) {
  for (const std::string& pem :
       {std::string(), std::string("secret words"), std::string("no key"),
        std::string(20000, 'a')}) {
    const auto signer = Ed25519Signer::FromPem(pem);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(signer.error().message().find("secret"), std::string::npos);
    EXPECT_FALSE(Ed25519PublicKeyFromPem(pem));
  }
  EXPECT_FALSE(Ed25519PublicKeyFromPem(kPrivatePem));
}

}  // namespace
}  // namespace cmif::crypto
