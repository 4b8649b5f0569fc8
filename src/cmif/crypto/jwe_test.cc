// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"

namespace cmif::crypto {
namespace {

using nlohmann::json;

// RFC 7518, appendix C: the agreed secret Z, and the key that it gives.
TEST(JweTest, ConcatKdfRfc7518AppendixC) {
  const auto z =
      FromHex(
          "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4")
          .value();
  const SecretBytes key = ConcatKdf(z, "A128GCM", "Alice", "Bob", 128);
  EXPECT_EQ(ToBase64Url(std::as_const(key).bytes()), "VqqN6vgjbSBcIijNcacQGg");
}

// The same by the formula: SHA-256(00000001 || Z || algorithm || U || V ||
// bits)
TEST(JweTest, ConcatKdfIsOneHash) {
  const std::vector<uint8_t> z(32, 7);
  std::vector<uint8_t> text = {0, 0, 0, 1};
  text.insert(text.end(), z.begin(), z.end());
  text.insert(text.end(), {0, 0, 0, 14});
  text.insert(text.end(), kJweAlgorithm.begin(), kJweAlgorithm.end());
  text.insert(text.end(), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  const SecretBytes key = ConcatKdf(z, kJweAlgorithm, "", "", 256);
  EXPECT_TRUE(std::ranges::equal(key.bytes(), Sha256Of(text)));
}

TEST(JweTest, OnlyTheHolderOpens) {
  const P256Key key = P256Key::Generate();
  for (const std::string plain : {"", "32 bytes of a key that is secret"}) {
    const std::string sealed = EncryptJwe(key.public_key(), AsBytes(plain));
    EXPECT_FALSE(plain.size() > 1 && sealed.contains(plain));
    const auto opened = DecryptJwe(key, sealed);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(AsText(opened->bytes()), plain);
    const auto other = DecryptJwe(P256Key::Generate(), sealed);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code(), Code::kDataLoss);
  }
}

TEST(JweTest, EveryChangedPartIsRefused) {
  const P256Key key = P256Key::Generate();
  const json sealed =
      json::parse(EncryptJwe(key.public_key(), AsBytes("a key of 16 byte")));
  for (const char* part :
       {"protected", "encrypted_key", "iv", "ciphertext", "tag"}) {
    const std::string text = sealed[part];
    for (size_t i = 0; i < text.size(); ++i) {
      json changed = sealed;
      std::string other = text;
      other[i] = other[i] == 'A' ? 'Q' : 'A';
      changed[part] = other;
      EXPECT_FALSE(DecryptJwe(key, changed.dump())) << part << " " << i;
    }
    json without = sealed;
    without.erase(part);
    const auto opened = DecryptJwe(key, without.dump());
    ASSERT_FALSE(opened) << part;
    EXPECT_EQ(opened.error().code(), Code::kInvalidArgument) << part;
  }
  // A header that is nested deep is refused, and does not overflow the stack.
  json deep = sealed;
  const std::string levels(12'000, '[');
  deep["protected"] = ToBase64Url(
      AsBytes(R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"x":)" +
              levels + std::string(levels.size(), ']') + "}}"));
  EXPECT_FALSE(DecryptJwe(key, deep.dump()));
  for (const char* text : {"", "{}", "[]", "null", "{\"protected\":1}"}) {
    EXPECT_FALSE(DecryptJwe(key, text)) << text;
  }
}

}  // namespace
}  // namespace cmif::crypto
