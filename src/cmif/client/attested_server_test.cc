// SPDX-License-Identifier: Apache-2.0
// What the client demands of servers, against servers that lie.
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "cmif/attest/proof_wire.h"
#include "cmif/attest/stream_proof.h"
#include "cmif/attest/testing/snp_machine.h"
#include "cmif/client/classifier.h"
#include "cmif/client/testing/hello_server-inl.h"
#include "cmif/client/testing/tiny_bert_test.h"
#include "cmif/wire/tls.h"

namespace cmif::client {
namespace {

using attest::OwnIdentity;
using attest::PeerDemands;
using attest::ServerProof;
using attest::testing::SnpMachine;

// Answers challenges with what `proof` of a test makes, and counts rows.
class ProvingServer final : public testing::HelloServer {
 public:
  using MakeProof = std::function<ServerProof(const std::string& client)>;
  ProvingServer(const std::shared_ptr<OwnIdentity>& identity,
                const model::ModelFacts& facts, MakeProof make, int port = 0)
      : HelloServer(
            wire::TlsServerCredentials(
                identity->tls(),
                [](const wire::TlsPeer&) -> Result<void> { return {}; }),
            facts, port),
        make_(std::move(make)) {}
  ~ProvingServer() override { Stop(); }

  grpc::Status Classify(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ClassifyReply, v1::ClassifyRequest>* stream)
      override {
    ServerProof proof = make_(wire::PeerCertificate(*context->auth_context()));
    v1::ClassifyRequest request;
    while (stream->Read(&request)) {
      v1::ClassifyReply reply;
      if (request.has_rows()) {
        ++rows_seen;
        reply.add_logits(1);
        reply.add_logits(2);
        stream->Write(reply);
        continue;
      }
      ++challenges;
      const auto said = proof.Take(attest::ReadProof(request.attest()),
                                   attest::ProofClock::now());
      if (!said) {
        return {static_cast<grpc::StatusCode>(said.error().code()),
                said.error().message()};
      }
      if (!*said) continue;
      attest::WriteProof(**said, reply.mutable_attest());
      if (replay) reply = *replay;
      if (silent) reply.Clear();
      last_reply = reply;
      stream->Write(reply);
    }
    return grpc::Status::OK;
  }

  std::atomic<int> rows_seen = 0;
  std::atomic<int> challenges = 0;
  bool silent = false;  // answers challenges with nothing
  std::optional<v1::ClassifyReply> replay;
  v1::ClassifyReply last_reply;

 private:
  MakeProof make_;
};

class AttestedServerTest : public testing::TinyBertTest {
 protected:
  std::string Context() const {
    return "Classify " + model_->facts().body_sha256;
  }
  // Of a server that proves itself with this identity.
  ProvingServer::MakeProof Genuine(
      const std::shared_ptr<OwnIdentity>& identity) {
    return [this, identity](const std::string& client) {
      return ServerProof({identity, clients_}, Context(), client);
    };
  }
  Result<std::unique_ptr<Remote>> Connect(const ProvingServer& server) {
    return Remote::Connect(
        {.address = server.address(),
         .server = PeerDemands{.evidence = machine_.NewJudge()},
         .identity = client_},
        model_->facts());
  }
  void ExpectRefused(const ProvingServer& server, Code code,
                     std::string_view says) {
    const auto remote = Connect(server);
    ASSERT_TRUE(remote) << remote.error().message();
    const auto classifier = Classifier::Start(**remote, *model_);
    ASSERT_FALSE(classifier);
    EXPECT_EQ(classifier.error().code(), code) << classifier.error().message();
    EXPECT_NE(classifier.error().message().find(says), std::string::npos)
        << classifier.error().message();
    EXPECT_EQ(server.rows_seen, 0);
  }

  SnpMachine machine_;
  std::shared_ptr<OwnIdentity> identity_ = machine_.NewIdentity();
  SnpMachine client_machine_;
  std::shared_ptr<OwnIdentity> client_;  // null: a fresh key
  std::shared_ptr<attest::EvidenceJudge> clients_;
};

TEST_F(AttestedServerTest, AGenuineServerGetsRows) {
  ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  const auto remote = Connect(server);
  ASSERT_TRUE(remote) << remote.error().message();
  const auto classifier = Classifier::Start(**remote, *model_);
  ASSERT_TRUE(classifier) << classifier.error().message();
  EXPECT_EQ(server.challenges, 1);
  // Another stream is challenged anew.
  ASSERT_TRUE(Classifier::Start(**remote, *model_));
  EXPECT_EQ(server.challenges, 2);
}

TEST_F(AttestedServerTest, BothSidesProveThemselves) {
  client_ = client_machine_.NewIdentity();
  clients_ = client_machine_.NewJudge();
  ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  server.demands_evidence = true;
  const auto remote = Connect(server);
  ASSERT_TRUE(remote) << remote.error().message();
  EXPECT_TRUE(Classifier::Start(**remote, *model_));
  client_ = nullptr;
  const auto refused = Connect(server);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_NE(refused.error().message().find("--attester"), std::string::npos);
}

TEST_F(AttestedServerTest, AServerWithoutEvidenceIsRefused) {
  const auto plain = OwnIdentity::Make().value();
  const ProvingServer server(plain, model_->facts(), Genuine(plain));
  const auto remote = Connect(server);
  ASSERT_FALSE(remote);
  EXPECT_EQ(remote.error().code(), Code::kUnauthenticated);
  EXPECT_NE(remote.error().message().find("carries no evidence"),
            std::string::npos);
}

// A certificate of a genuine machine, but the answers are another's.
TEST_F(AttestedServerTest, ARelayedChallengeIsRefused) {
  const auto genuine = machine_.NewIdentity();
  ExpectRefused(ProvingServer(identity_, model_->facts(), Genuine(genuine)),
                Code::kUnauthenticated, "report_data");
}

TEST_F(AttestedServerTest, OtherCodeBehindTheCertificateIsRefused) {
  const auto judge = machine_.NewJudge();
  ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  const auto remote = Remote::Connect(
      {.address = server.address(), .server = PeerDemands{.evidence = judge}},
      model_->facts());
  ASSERT_TRUE(remote);
  machine_.ChangeMeasurement();
  const auto classifier = Classifier::Start(**remote, *model_);
  ASSERT_FALSE(classifier);
  EXPECT_NE(classifier.error().message().find("measurement"),
            std::string::npos);
  EXPECT_EQ(server.rows_seen, 0);
}

TEST_F(AttestedServerTest, SilenceIsNoProof) {
  ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  server.silent = true;
  ExpectRefused(server, Code::kInternal, "something else");
  server.silent = false;
  server.replay.emplace().mutable_attest();
  ExpectRefused(server, Code::kUnauthenticated, "no evidence");
}

TEST_F(AttestedServerTest, AReplayedAnswerIsRefused) {
  ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  {
    const auto remote = Connect(server);
    ASSERT_TRUE(remote);
    ASSERT_TRUE(Classifier::Start(**remote, *model_));
  }
  server.replay = server.last_reply;
  ExpectRefused(server, Code::kUnauthenticated, "report_data");
}

// The server comes back with another key and without evidence, behind the same
// address.
TEST_F(AttestedServerTest, AServerThatIsExchangedIsRefused) {
  auto server = std::make_unique<ProvingServer>(identity_, model_->facts(),
                                                Genuine(identity_));
  const int port = server->port();
  const auto remote = Connect(*server);
  ASSERT_TRUE(remote);
  ASSERT_TRUE(Classifier::Start(**remote, *model_));
  server.reset();
  const auto plain = OwnIdentity::Make().value();
  const ProvingServer other(plain, model_->facts(), Genuine(plain), port);
  ASSERT_EQ(other.port(), port);
  // Until gRPC has tried the new one.
  Result<std::unique_ptr<Classifier>> classifier = Unavailable("");
  for (int i = 0; i < 100; ++i) {
    classifier = Classifier::Start(**remote, *model_);
    ASSERT_FALSE(classifier);
    if (classifier.error().code() == Code::kUnauthenticated) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(classifier.error().code(), Code::kUnauthenticated);
  EXPECT_EQ(other.challenges, 0);
}

// A renewed certificate is shown to later connections, with the same key.
TEST_F(AttestedServerTest, LaterConnectionsSeeTheRenewedCertificate) {
  const ProvingServer server(identity_, model_->facts(), Genuine(identity_));
  const auto judge = machine_.NewJudge();
  const client::RemoteOptions options = {
      .address = server.address(),
      .server =
          PeerDemands{.keys = {identity_->key_sha256()}, .evidence = judge}};
  ASSERT_TRUE(Remote::Connect(options, model_->facts()));
  ASSERT_TRUE(Remote::Connect(options, model_->facts()));
  EXPECT_EQ(judge->certificates_judged(), 1U);
  ASSERT_TRUE(identity_->Renew());
  for (int i = 0; i < 100 && judge->certificates_judged() < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(Remote::Connect(options, model_->facts()));
  }
  EXPECT_EQ(judge->certificates_judged(), 2U);
}

}  // namespace
}  // namespace cmif::client
