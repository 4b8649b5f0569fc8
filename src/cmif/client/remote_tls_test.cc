// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cmif/client/remote.h"
#include "cmif/client/testing/hello_server-inl.h"
#include "cmif/crypto/testing/test_ca.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/wire/tls.h"

namespace cmif::client {
namespace {

using attest::OwnIdentity;
using attest::PeerDemands;
using attest::PeerJudge;
using attest::Role;
using crypto::TlsKey;
using crypto::testing::TestCa;
using testing::HelloFacts;
using testing::HelloServer;

std::shared_ptr<OwnIdentity> Issued(const TestCa& ca,
                                    const crypto::testing::IssueSpec& spec = {},
                                    const TlsKey& key = TlsKey::Generate()) {
  return OwnIdentity::FromPem(ca.Issue(key, spec), key.ToPem()).value();
}

Result<std::unique_ptr<Remote>> Connect(
    const HelloServer& server, std::optional<PeerDemands> demands,
    std::shared_ptr<OwnIdentity> identity = nullptr) {
  return Remote::Connect({.address = server.address(),
                          .server = std::move(demands),
                          .identity = std::move(identity)},
                         HelloFacts());
}

void ExpectFailure(const Result<std::unique_ptr<Remote>>& remote, Code code,
                   std::string_view says) {
  ASSERT_FALSE(remote);
  EXPECT_EQ(remote.error().code(), code) << remote.error().message();
  EXPECT_NE(remote.error().message().find(says), std::string::npos)
      << remote.error().message();
}

// A server whose key is known by its hash.
class RemoteTlsTest : public ::testing::Test {
 protected:
  std::shared_ptr<OwnIdentity> identity_ = OwnIdentity::Make().value();
  HelloServer server_{wire::TlsServerCredentials(identity_->tls(), nullptr)};
  const PeerDemands pinned_{.keys = {identity_->key_sha256()}};
};

TEST_F(RemoteTlsTest, PinnedKeyIsAccepted) {
  const auto remote = Connect(server_, pinned_);
  EXPECT_TRUE(remote) << remote.error().message();
}

TEST_F(RemoteTlsTest, AnotherKeyIsRefusedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  ExpectFailure(Connect(server_, PeerDemands{.keys = {{}}}),
                Code::kUnauthenticated, "pinned");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST_F(RemoteTlsTest, AuthorityDoesNotKnowASelfMadeCertificate) {
  ExpectFailure(Connect(server_, PeerDemands{.authority = TestCa().pem()}),
                Code::kUnauthenticated, "authority");
}

TEST_F(RemoteTlsTest, ClientWithoutTlsIsTold) {
  ExpectFailure(Connect(server_, std::nullopt), Code::kUnavailable, "--tls");
}

TEST(RemoteTlsOfCaTest, NameAndDatesMustFit) {
  const TestCa ca;
  const auto good = Issued(ca);
  const HelloServer server(wire::TlsServerCredentials(good->tls(), nullptr));
  EXPECT_TRUE(Connect(server, PeerDemands{.authority = ca.pem()}));
  ExpectFailure(Connect(server, PeerDemands{.authority = ca.pem(),
                                            .host = "gpu.example.org"}),
                Code::kUnauthenticated, "gpu.example.org");
  ExpectFailure(Connect(server, PeerDemands{.authority = TestCa().pem()}),
                Code::kUnauthenticated, "authority");

  const auto expired = Issued(ca, {.not_after = 1'500'000'000});
  const HelloServer old(wire::TlsServerCredentials(expired->tls(), nullptr));
  ExpectFailure(Connect(old, PeerDemands{.authority = ca.pem()}),
                Code::kUnauthenticated, "expired at 2017-07-14");
  ExpectFailure(Connect(old, PeerDemands{.keys = {expired->key_sha256()}}),
                Code::kUnauthenticated, "expired at 2017-07-14");
}

TEST(RemoteTlsOfCaTest, Ed25519AndP384AreFine) {
  const TestCa ca;
  for (const char* pem :
       {"-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIHRcnNEQAmAVdgwb6yB+4F2MbUlouktcrEVQO7SwZg97\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
        "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBC2m9wD45zq6YhOUXH\n"
        "eekd/23PlXPmHI4oA7tkYeEDaCkYvnwO3WDU+sXLzfe2au2hZANiAATas3Mf95nV\n"
        "WbmaJ91jQP17a3/NAFsfwxtXTKJDXbiR49lhYrT9n/N2rxpYqPuq1TQzEDF0AHhL\n"
        "YfKNWWe5zbFELHsyPojSVbCjlHepUZd8bs1t/KZYQeaa6mc4PP8WbaU=\n"
        "-----END PRIVATE KEY-----\n"}) {
    const auto identity = Issued(ca, {}, TlsKey::FromPem(pem).value());
    const HelloServer server(
        wire::TlsServerCredentials(identity->tls(), nullptr));
    const auto remote = Connect(server, PeerDemands{.authority = ca.pem()});
    EXPECT_TRUE(remote) << remote.error().message();
  }
}

TEST(RemoteTlsToPlainTest, ServerWithoutTlsIsNamed) {
  const HelloServer server(grpc::InsecureServerCredentials());
  ExpectFailure(Connect(server, PeerDemands{.keys = {{}}}), Code::kUnavailable,
                "does not speak TLS");
  EXPECT_TRUE(Connect(server, std::nullopt));
}

// A server that demands a key of its clients.
TEST(RemoteMutualTlsTest, OnlyTheEnrolledClientComesIn) {
  const auto mine = OwnIdentity::Make().value();
  const auto client = OwnIdentity::Make().value();
  const auto judge =
      PeerJudge::Create({.keys = {client->key_sha256()}}, Role::kClient)
          .value();
  std::string reason;
  std::mutex mutex;
  judge->OnRefusal([&](const Status& why) {
    const std::lock_guard lock(mutex);
    reason = why.message();
  });
  const HelloServer server(
      wire::TlsServerCredentials(mine->tls(), PeerJudge::Callback(judge)));
  const PeerDemands pinned{.keys = {mine->key_sha256()}};
  const auto known = Connect(server, pinned, client);
  EXPECT_TRUE(known) << known.error().message();
  ExpectFailure(Connect(server, pinned), Code::kUnavailable, "--client-cert");
  const std::lock_guard lock(mutex);
  EXPECT_NE(reason.find("pinned"), std::string::npos);
}

TEST(RemoteMutualTlsTest, AuthorityOfClients) {
  const TestCa ca;
  const auto mine = OwnIdentity::Make().value();
  const auto judge =
      PeerJudge::Create({.authority = ca.pem()}, Role::kClient).value();
  const HelloServer server(
      wire::TlsServerCredentials(mine->tls(), PeerJudge::Callback(judge)));
  const PeerDemands pinned{.keys = {mine->key_sha256()}};
  EXPECT_TRUE(Connect(server, pinned,
                      Issued(ca, {.extended_key_usage = "clientAuth"})));
  ExpectFailure(
      Connect(server, pinned, Issued(ca, {.extended_key_usage = "serverAuth"})),
      Code::kUnavailable, "--client-cert");
}

}  // namespace
}  // namespace cmif::client
