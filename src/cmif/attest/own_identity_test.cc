// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/own_identity.h"

#include <gtest/gtest.h>

#include "cmif/crypto/testing/test_ca.h"

namespace cmif::attest {
namespace {

using crypto::TlsKey;
using crypto::testing::TestCa;

TEST(OwnIdentityTest, IsKnownByItsKey) {
  const TlsKey key = TlsKey::Generate();
  const auto identity = OwnIdentity::FromPem(TestCa().Issue(key), key.ToPem());
  ASSERT_TRUE(identity);
  EXPECT_EQ((*identity)->key_sha256(), key.sha256());
  EXPECT_NE((*OwnIdentity::Make())->key_sha256(),
            (*OwnIdentity::Make())->key_sha256());
}

TEST(OwnIdentityTest, KeyMustBelongToTheCertificate) {
  const auto identity = OwnIdentity::FromPem(TestCa().Issue(TlsKey::Generate()),
                                             TlsKey::Generate().ToPem());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code(), Code::kFailedPrecondition);
  EXPECT_NE(identity.error().message().find("does not belong"),
            std::string::npos);
}

TEST(OwnIdentityTest, RefusesWhatIsNoPem) {
  const TlsKey key = TlsKey::Generate();
  EXPECT_EQ(OwnIdentity::FromPem("", key.ToPem()).error().code(),
            Code::kDataLoss);
  EXPECT_EQ(OwnIdentity::FromPem(TestCa().Issue(key), "").error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::attest
