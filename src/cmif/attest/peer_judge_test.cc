// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/peer_judge.h"

#include <gtest/gtest.h>

#include "cmif/crypto/testing/test_ca.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::attest {
namespace {

using crypto::TlsKey;
using crypto::testing::TestCa;

constexpr int64_t kNow = 1'800'000'000;

void ExpectRefused(PeerDemands demands, const std::string& leaf, int64_t now,
                   std::string_view says) {
  const auto judge = PeerJudge::Create(std::move(demands), Role::kServer);
  ASSERT_TRUE(judge);
  const auto good = (*judge)->Judge({leaf, ""}, now);
  ASSERT_FALSE(good);
  EXPECT_EQ(good.error().code(), Code::kUnauthenticated);
  EXPECT_NE(good.error().message().find(says), std::string::npos)
      << good.error().message();
  ASSERT_TRUE((*judge)->last_refusal());
  EXPECT_EQ((*judge)->last_refusal()->message(), good.error().message());
}

TEST(PeerJudgeTest, PinnedKey) {
  const TestCa ca;
  const TlsKey key = TlsKey::Generate();
  const std::string leaf = ca.Issue(key, {.not_after = kNow});
  const auto judge =
      PeerJudge::Create({.keys = {{}, key.sha256()}}, Role::kServer);
  ASSERT_TRUE(judge);
  EXPECT_TRUE((*judge)->Judge({leaf, ""}, kNow));
  EXPECT_FALSE((*judge)->last_refusal());
  ExpectRefused({.keys = {TlsKey::Generate().sha256()}}, leaf, kNow, "pinned");
  ExpectRefused({.keys = {key.sha256()}}, leaf, kNow + 1, "expired");
}

TEST(PeerJudgeTest, Authority) {
  const TestCa ca;
  const std::string leaf = ca.Issue(TlsKey::Generate());
  const auto judge = PeerJudge::Create(
      {.authority = ca.pem(), .host = "localhost"}, Role::kServer);
  ASSERT_TRUE(judge);
  EXPECT_TRUE((*judge)->Judge({leaf, ""}, kNow));
  ExpectRefused({.authority = TestCa().pem()}, leaf, kNow, "authority");
  ExpectRefused({.authority = ca.pem(), .host = "example.org"}, leaf, kNow,
                "is not for 'example.org'");
}

TEST(PeerJudgeTest, AllThatIsGivenIsDemanded) {
  const TestCa ca;
  const TlsKey key = TlsKey::Generate();
  ExpectRefused({.authority = TestCa().pem(), .keys = {key.sha256()}},
                ca.Issue(key), kNow, "authority");
  ExpectRefused({.authority = ca.pem(), .keys = {TlsKey::Generate().sha256()}},
                ca.Issue(key), kNow, "pinned");
}

TEST(PeerJudgeTest, RefusesWhatIsNoCertificate) {
  ExpectRefused({.keys = {{}}}, "", kNow, "cannot be read");
  ExpectRefused({.keys = {{}}}, "-----BEGIN CERTIFICATE-----", kNow,
                "cannot be read");
}

TEST(PeerJudgeTest, MustDemandSomething) {
  EXPECT_EQ(PeerJudge::Create({}, Role::kServer).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      PeerJudge::Create({.authority = "no PEM"}, Role::kServer).error().code(),
      Code::kDataLoss);
}

TEST(PeerJudgeTest, TellsOfRefusals) {
  const auto judge = PeerJudge::Create({.keys = {{}}}, Role::kClient);
  ASSERT_TRUE(judge);
  int refusals = 0;
  (*judge)->OnRefusal([&](const Status&) { ++refusals; });
  EXPECT_FALSE(PeerJudge::Callback(*judge)({"", ""}));
  EXPECT_EQ(refusals, 1);
}

}  // namespace
}  // namespace cmif::attest
