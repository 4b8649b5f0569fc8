// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/tls_key.h"

#include <gtest/gtest.h>

namespace cmif::crypto {
namespace {

constexpr char kEd25519[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHRcnNEQAmAVdgwb6yB+4F2MbUlouktcrEVQO7SwZg97\n"
    "-----END PRIVATE KEY-----\n";

TEST(TlsKeyTest, SurvivesPem) {
  const TlsKey key = TlsKey::Generate();
  const auto again = TlsKey::FromPem(key.ToPem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sha256(), key.sha256());
  EXPECT_NE(TlsKey::Generate().sha256(), key.sha256());
}

TEST(TlsKeyTest, Ed25519IsFine) {
  const auto key = TlsKey::FromPem(kEd25519);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->PublicKeyInfo().size(), 44U);
}

TEST(TlsKeyTest, RefusesWhatIsNoKey) {
  const std::string pem = TlsKey::Generate().ToPem();
  for (const std::string& text :
       {std::string(), std::string("x"), pem.substr(0, pem.size() / 2),
        std::string(20000, 'A')}) {
    const auto key = TlsKey::FromPem(text);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(key.error().message().find("BEGIN"), std::string::npos);
  }
}

}  // namespace
}  // namespace cmif::crypto
