// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwt.h"

#include <gtest/gtest.h>

namespace cmif::crypto {
namespace {

// RFC 7515, appendix A.3: the key, and the signed token.
constexpr const char* kKey =
    R"({"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr const char* kToken =
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";

TEST(JwtTest, Rfc7515AppendixA3) {
  const auto key = P256PublicKey::FromJwk(kKey).value();
  const auto claims = VerifyJwt(key, kToken);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(*claims,
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
            "\"http://example.com/is_root\":true}");
}

TEST(JwtTest, OwnTokensComeBack) {
  const P256Key key = P256Key::Generate();
  const std::string claims = R"({"a":1})";
  const std::string token = SignJwt(key, claims);
  EXPECT_EQ(VerifyJwt(key.public_key(), token).value(), claims);
  const auto other = VerifyJwt(P256Key::Generate().public_key(), token);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kUnauthenticated);
}

TEST(JwtTest, EveryChangedCharacterIsRefused) {
  const P256Key key = P256Key::Generate();
  const std::string token = SignJwt(key, R"({"lease":"7"})");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(VerifyJwt(key.public_key(), changed)) << i;
    EXPECT_FALSE(VerifyJwt(key.public_key(), token.substr(0, i))) << i;
  }
}

// "none" and other algorithms never verify, whatever stands behind them.
TEST(JwtTest, OtherAlgorithmsAreRefused) {
  const P256Key key = P256Key::Generate();
  for (const char* token :
       {"eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "", "..",
        "a.b", "a.b.c.d"}) {
    const auto claims = VerifyJwt(key.public_key(), token);
    ASSERT_FALSE(claims) << token;
    EXPECT_EQ(claims.error().code(), Code::kInvalidArgument) << token;
  }
}

}  // namespace
}  // namespace cmif::crypto
