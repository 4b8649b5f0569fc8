// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwe.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/sha256.h"

namespace cmif::crypto {
namespace {

using nlohmann::json;

constexpr std::string_view kSecretText = "0123456789abcdef0123456789abcdef";

// RFC 7518, appendix C.
TEST(JweTest, ConcatKdfIsThatOfRfc7518AppendixC) {
  const std::vector<uint8_t> secret = {158, 86,  217, 29,  129, 113, 53,  211,
                                       114, 131, 66,  131, 191, 132, 38,  156,
                                       251, 49,  110, 163, 218, 128, 106, 72,
                                       246, 218, 167, 121, 140, 254, 144, 196};
  EXPECT_EQ(
      ToBase64Url(ConcatKdf(secret, "A128GCM", "Alice", "Bob", 128).bytes()),
      "VqqN6vgjbSBcIijNcacQGg");
}

// One hash by hand: round 1, the secret, and what RFC 7518 puts behind it.
Digest KdfByHand(std::span<const uint8_t> secret) {
  std::vector<uint8_t> input = {0, 0, 0, 1};
  input.insert(input.end(), secret.begin(), secret.end());
  for (const uint8_t byte : {0, 0, 0, 14}) input.push_back(byte);
  for (const char c : kJweAlgorithm) input.push_back(static_cast<uint8_t>(c));
  for (const uint8_t byte : {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}) {
    input.push_back(byte);
  }
  return Sha256Of(input);
}

std::vector<uint8_t> Bytes(const json& jwe, const char* name) {
  return FromBase64Url(jwe.at(name).get<std::string>()).value();
}

// RFC 3394, section 2.2.2, step by step on single blocks of AES.
std::vector<uint8_t> UnwrapByHand(const Digest& key,
                                  std::vector<uint8_t> wrapped) {
  const size_t count = wrapped.size() / 8 - 1;
  EVP_CIPHER_CTX* const aes = EVP_CIPHER_CTX_new();
  EVP_DecryptInit_ex(aes, EVP_aes_256_ecb(), nullptr, key.data(), nullptr);
  EVP_CIPHER_CTX_set_padding(aes, 0);
  for (size_t step = 6 * count; step > 0; --step) {
    uint8_t* const part = wrapped.data() + 8 * ((step - 1) % count + 1);
    std::array<uint8_t, 16> block{};
    std::copy_n(wrapped.data(), 8, block.data());
    std::copy_n(part, 8, block.data() + 8);
    block[7] ^= static_cast<uint8_t>(step);  // at most 24 here
    int size = 0;
    EVP_DecryptUpdate(aes, block.data(), &size, block.data(), 16);
    std::copy_n(block.data(), 8, wrapped.data());
    std::copy_n(block.data() + 8, 8, part);
  }
  EVP_CIPHER_CTX_free(aes);
  EXPECT_EQ(std::count(wrapped.begin(), wrapped.begin() + 8, 0xA6), 8);
  wrapped.erase(wrapped.begin(), wrapped.begin() + 8);
  return wrapped;
}

// The second computation: key unwrapping and KDF by hand.
TEST(JweTest, AnotherComputationOpensIt) {
  const P256Key key = P256Key::Generate();
  const json jwe =
      json::parse(EncryptJwe(key.public_key(), AsBytes(kSecretText)));
  const json header = json::parse(Bytes(jwe, "protected"));
  const auto peer = P256PublicKey::FromJwk(header.at("epk").dump());
  ASSERT_TRUE(peer);
  const Digest wrapping = KdfByHand(key.Agree(*peer)->bytes());
  const std::vector<uint8_t> content =
      UnwrapByHand(wrapping, Bytes(jwe, "encrypted_key"));
  ASSERT_EQ(content.size(), 32U);
  EVP_CIPHER_CTX* gcm = EVP_CIPHER_CTX_new();
  const std::string aad = jwe.at("protected");
  const auto cipher = Bytes(jwe, "ciphertext");
  auto tag = Bytes(jwe, "tag");
  std::string plain(cipher.size(), '\0');
  int size = 0;
  EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), nullptr, content.data(),
                     Bytes(jwe, "iv").data());
  EVP_DecryptUpdate(gcm, nullptr, &size, AsBytes(aad).data(),
                    static_cast<int>(aad.size()));
  EVP_DecryptUpdate(gcm, reinterpret_cast<uint8_t*>(plain.data()), &size,
                    cipher.data(), static_cast<int>(cipher.size()));
  EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, 16, tag.data());
  EXPECT_EQ(EVP_DecryptFinal_ex(gcm, nullptr, &size), 1);
  EVP_CIPHER_CTX_free(gcm);
  EXPECT_EQ(plain, kSecretText);
}

TEST(JweTest, OpensForItsKeyAlone) {
  const P256Key key = P256Key::Generate();
  const std::string jwe = EncryptJwe(key.public_key(), AsBytes(kSecretText));
  EXPECT_EQ(AsText(DecryptJwe(key, jwe)->bytes()), kSecretText);
  const auto other = DecryptJwe(P256Key::Generate(), jwe);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kDataLoss);
}

TEST(JweTest, AnyMemberChangedFails) {
  const P256Key key = P256Key::Generate();
  const json jwe =
      json::parse(EncryptJwe(key.public_key(), AsBytes(kSecretText)));
  for (const auto& [name, value] : jwe.items()) {
    const std::string text = value;
    for (size_t i = 0; i < text.size(); i += 5) {
      json changed = jwe;
      std::string other = text;
      other[i] = other[i] == 'A' ? 'B' : 'A';
      changed[name] = other;
      EXPECT_FALSE(DecryptJwe(key, changed.dump())) << name << " " << i;
    }
    json without = jwe;
    without.erase(name);
    EXPECT_FALSE(DecryptJwe(key, without.dump())) << name;
  }
}

TEST(JweTest, OtherKindsAreRefused) {
  const P256Key key = P256Key::Generate();
  const json jwe =
      json::parse(EncryptJwe(key.public_key(), AsBytes(kSecretText)));
  const json header = json::parse(Bytes(jwe, "protected"));
  for (const json& patch :
       {json{{"alg", "dir"}}, json{{"enc", "A128GCM"}}, json{{"epk", 1}},
        json{{"crit", json::array({"x"})}}, json{{"apu", "QQ"}},
        json{{"zip", "DEF"}}}) {
    json changed = jwe;
    json other = header;
    other.merge_patch(patch);
    changed["protected"] = ToBase64Url(AsBytes(other.dump()));
    const auto plain = DecryptJwe(key, changed.dump());
    ASSERT_FALSE(plain) << patch;
    EXPECT_EQ(plain.error().code(), Code::kInvalidArgument) << patch;
  }
  EXPECT_FALSE(DecryptJwe(key, "{}"));
  EXPECT_FALSE(DecryptJwe(key, std::string(kMaxJweBytes + 1, ' ')));
}

TEST(JweTest, ABindingIsPartOfWhatIsSealed) {
  const P256Key key = P256Key::Generate();
  const std::string jwe =
      EncryptJwe(key.public_key(), AsBytes(kSecretText), "token-1");
  EXPECT_TRUE(DecryptJwe(key, jwe));
  EXPECT_TRUE(DecryptJwe(key, jwe, "token-1"));
  EXPECT_EQ(DecryptJwe(key, jwe, "token-2").error().code(), Code::kDataLoss);
  EXPECT_FALSE(DecryptJwe(
      key, EncryptJwe(key.public_key(), AsBytes(kSecretText)), "token-1"));
}

}  // namespace
}  // namespace cmif::crypto
