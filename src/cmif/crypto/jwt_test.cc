// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/testing/jwk_key.h"

namespace cmif::crypto {
namespace {

// RFC 7515, appendix A.3.
constexpr std::string_view kKey =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr std::string_view kPrivate =
    "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
constexpr std::string_view kToken =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";

TEST(JwtTest, ReadsTheTokenOfRfc7515) {
  const auto key = P256PublicKey::FromJwk(kKey);
  ASSERT_TRUE(key);
  const auto claims = VerifyJwt(*key, kToken);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(nlohmann::json::parse(*claims).at("iss"), "joe");
  EXPECT_EQ(testing::KeyOfJwk(kPrivate).public_key(), *key);
}

TEST(JwtTest, AnotherKeyIsRefused) {
  const auto claims = VerifyJwt(P256Key::Generate().public_key(), kToken);
  ASSERT_FALSE(claims);
  EXPECT_EQ(claims.error().code(), Code::kUnauthenticated);
}

TEST(JwtTest, EveryChangedCharacterIsRefused) {
  const P256Key key = P256Key::Generate();
  const std::string token = SignJwt(key, R"({"exp":1})");
  EXPECT_EQ(VerifyJwt(key.public_key(), token).value(), R"({"exp":1})");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(VerifyJwt(key.public_key(), changed)) << i;
  }
}

// A header that asks for no signature, or for something unknown.
TEST(JwtTest, OtherAlgorithmsAreRefused) {
  const P256Key key = P256Key::Generate();
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"HS256"})", R"([])", R"({})",
        R"({"alg":"ES256","crit":["b64"]})", R"({"alg":5})"}) {
    const std::string text =
        ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes("{}"));
    const std::string token = text + "." + ToBase64Url(key.Sign(AsBytes(text)));
    const auto claims = VerifyJwt(key.public_key(), token);
    ASSERT_FALSE(claims) << header;
    EXPECT_EQ(claims.error().code(), Code::kInvalidArgument) << header;
  }
  for (const char* token : {"", ".", "..", "a.b", "a.b.c", "e30.e30."}) {
    EXPECT_FALSE(VerifyJwt(key.public_key(), token)) << token;
  }
}

}  // namespace
}  // namespace cmif::crypto
