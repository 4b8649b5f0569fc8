// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/own_identity.h"

#include <gtest/gtest.h>

#include "cmif/attest/testing/snp_machine.h"
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

TEST(OwnIdentityTest, AttestsOnlyWithAMachine) {
  const auto plain = OwnIdentity::Make().value();
  EXPECT_FALSE(plain->attests());
  EXPECT_EQ(plain->platform(), "none");
  EXPECT_EQ(plain->Collect({}).error().code(), Code::kFailedPrecondition);
  testing::SnpMachine machine;
  const auto attested = machine.NewIdentity();
  EXPECT_TRUE(attested->attests());
  EXPECT_EQ(attested->platform(), "snp");
  EXPECT_TRUE(attested->Collect({}));
}

TEST(OwnIdentityTest, NoEvidenceNoIdentity) {
  testing::SnpMachine machine;
  machine.fails = true;
  const auto identity = OwnIdentity::MakeAttested(machine.NewAttester());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code(), Code::kUnavailable);
}

// Two renewals by the thread; one fails in between and is tried again.
TEST(OwnIdentityTest, RenewsItsEvidenceInTime) {
  testing::SnpMachine machine;
  std::mutex mutex;
  std::condition_variable failed;
  std::string line;
  machine.fails = false;
  const auto identity =
      machine.NewIdentity({.lifetime = std::chrono::seconds(2),
                           .log = [&](const std::string& said) {
                             const std::lock_guard lock(mutex);
                             line = said;
                             failed.notify_one();
                           }});
  EXPECT_EQ(machine.collected(), 1);
  machine.fails = true;
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(failed.wait_for(lock, std::chrono::seconds(30),
                                [&] { return !line.empty(); }));
    EXPECT_NE(line.find("not renewed yet"), std::string::npos);
  }
  machine.fails = false;
  for (int i = 0; i < 300 && machine.collected() < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_GE(machine.collected(), 2);
}

}  // namespace
}  // namespace cmif::attest
