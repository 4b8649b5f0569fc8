// SPDX-License-Identifier: Apache-2.0
// Evidence on the server's side, by clients that keep to no rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/attest/proof_wire.h"
#include "cmif/attest/testing/snp_machine.h"
#include "cmif/server/server.h"
#include "cmif/server/testing/server_fixture.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/tls.h"

namespace cmif::server {
namespace {

using attest::ClientProof;
using attest::OwnIdentity;
using attest::PeerJudge;
using attest::ProofClock;
using attest::ProofMessage;
using attest::Role;
using ::testing::HasSubstr;

// Both sides run in machines of the test's own; the server demands evidence.
class EvidenceTest : public testing::ServerFixture {
 protected:
  EvidenceTest() {
    server_.identity = server_machine_.NewIdentity();
    server_.clients =
        PeerJudge::Create({.evidence = client_machine_.NewJudge()},
                          Role::kClient)
            .value();
  }

  testing::RawClient Tls(const std::shared_ptr<OwnIdentity>& identity) {
    return {running_->address(), *table_,
            wire::TlsChannelCredentials(
                identity->tls(),
                [](const wire::TlsPeer&) -> Result<void> { return {}; })};
  }
  ClientProof Proof(const std::string& context = "Classify feed",
                    const std::shared_ptr<OwnIdentity>& identity = nullptr) {
    return {{identity ? identity : client_, server_machine_.NewJudge()},
            context,
            true};
  }
  // What the client says last; nothing is sent.
  template <typename Stream, typename Request, typename Reply>
  static Result<std::optional<ProofMessage>> Exchange(
      Stream& stream, grpc::ClientContext& context, ClientProof& proof,
      Request request, Reply reply) {
    attest::WriteProof(proof.Begin(), request.mutable_attest());
    if (!stream.Write(request) || !stream.Read(&reply)) {
      return Unavailable("the stream broke");
    }
    return proof.Answer(attest::ReadProof(reply.attest()),
                        wire::PeerCertificate(*context.auth_context()),
                        ProofClock::now());
  }
  v1::ClassifyRequest Sentence(testing::RawClient& client) {
    wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
    v1::ClassifyRequest request;
    *request.mutable_rows() = client.Rows(sender, Tokens(5, 1));
    request.add_lengths(5);
    return request;
  }
  // Sends `last` and then a sentence.
  grpc::Status ClassifyAfter(ClientProof& proof,
                             const std::optional<ProofMessage>& forged = {}) {
    testing::RawClient client = Tls(client_);
    grpc::ClientContext context;
    const auto stream = client.stub().Classify(&context);
    const auto last = Exchange(*stream, context, proof, v1::ClassifyRequest(),
                               v1::ClassifyReply());
    EXPECT_TRUE(last) << last.error().message();
    last_ = **last;
    v1::ClassifyRequest request;
    attest::WriteProof(forged.value_or(last_), request.mutable_attest());
    stream->Write(request);
    stream->Write(Sentence(client));
    v1::ClassifyReply reply;
    replied_ = stream->Read(&reply) && reply.logits_size() > 0;
    stream->WritesDone();
    return stream->Finish();
  }

  attest::testing::SnpMachine server_machine_;
  attest::testing::SnpMachine client_machine_;
  std::shared_ptr<OwnIdentity> client_ = client_machine_.NewIdentity();
  ProofMessage last_;
  bool replied_ = false;
};

TEST_F(EvidenceTest, ProvenClientIsServed) {
  StartBert();
  ClientProof proof = Proof();
  const grpc::Status status = ClassifyAfter(proof);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(replied_);
  v1::HelloReply hello;
  EXPECT_TRUE(Tls(client_).Hello(wire::kProtocolVersion, &hello).ok());
  EXPECT_TRUE(hello.demands_evidence());
}

TEST_F(EvidenceTest, RowsBeforeTheProofAreRefused) {
  StartBert();
  std::vector<float> logits;
  const grpc::Status status = Tls(client_).Classify({Tokens(5, 1)}, &logits);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("--attester"));
  EXPECT_TRUE(logits.empty());
}

TEST_F(EvidenceTest, RowsInTheMessageOfTheProofAreRefused) {
  StartBert();
  testing::RawClient client = Tls(client_);
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  v1::ClassifyRequest request = Sentence(client);
  request.mutable_attest();
  stream->Write(request);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(EvidenceTest, SlotsAreNotForgottenInTheMessageOfAProof) {
  StartBert();
  testing::RawClient client = Tls(client_);
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  v1::ClassifyRequest request;
  ClientProof proof = Proof();
  attest::WriteProof(proof.Begin(), request.mutable_attest());
  request.set_reset_slots(true);
  stream->Write(request);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(EvidenceTest, ClientWithoutEvidenceFailsInTheHandshake) {
  StartBert();
  v1::HelloReply hello;
  const auto status =
      Tls(OwnIdentity::Make().value()).Hello(wire::kProtocolVersion, &hello);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(Log(), HasSubstr("carries no evidence"));
}

TEST_F(EvidenceTest, OtherCodeFailsInTheHandshake) {
  StartBert();
  client_machine_.ChangeMeasurement();
  v1::HelloReply hello;
  EXPECT_FALSE(Tls(client_machine_.NewIdentity())
                   .Hello(wire::kProtocolVersion, &hello)
                   .ok());
  EXPECT_THAT(Log(), HasSubstr("measurement"));
}

// Code that has changed since the certificate was made: only the challenge
// sees it.
TEST_F(EvidenceTest, ThePolicyDecidesAboutTheAnswerToo) {
  StartBert();
  client_machine_.ChangeMeasurement();
  ClientProof proof = Proof();
  const grpc::Status status = ClassifyAfter(proof);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("measurement"));
  EXPECT_FALSE(replied_);
}

TEST_F(EvidenceTest, AProofOfAnotherStreamIsRefused) {
  StartBert();
  ClientProof first = Proof();
  ASSERT_TRUE(ClassifyAfter(first).ok());
  ClientProof second = Proof();
  const grpc::Status status = ClassifyAfter(second, last_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("report_data"));
  EXPECT_FALSE(replied_);
}

// The proof is of a genuine client's key, the connection of another's.
TEST_F(EvidenceTest, AProofForAnotherConnectionIsRefused) {
  StartBert();
  // Its own demands are out of the way: it lies about its key, and knows.
  ClientProof proof({client_machine_.NewIdentity(), nullptr}, "Classify feed",
                    true);
  const grpc::Status status = ClassifyAfter(proof);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("report_data"));
  EXPECT_FALSE(replied_);
}

TEST_F(EvidenceTest, GenerationNeedsAProofToo) {
  StartLlama();
  const auto refused = Tls(client_).Generate(Tokens(5, 1), testing::Greedy(3));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(refused.tokens.empty());

  testing::RawClient client = Tls(client_);
  grpc::ClientContext context;
  const auto stream = client.stub().Generate(&context);
  ClientProof proof = Proof("Generate feed");
  const auto last = Exchange(*stream, context, proof, v1::GenerateRequest(),
                             v1::GenerateReply());
  ASSERT_TRUE(last) << last.error().message();
  v1::GenerateRequest request;
  attest::WriteProof(**last, request.mutable_attest());
  stream->Write(request);
  request.Clear();
  wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
  *request.mutable_sampling() = testing::Greedy(1);
  *request.mutable_rows() = client.Rows(sender, Tokens(5, 1));
  request.set_prompt_done(true);
  stream->Write(request);
  int tokens = 0;
  bool done = false;
  v1::GenerateReply reply;
  while (stream->Read(&reply)) {  // in one message or in two
    tokens += reply.tokens_size();
    done = done || reply.has_done();
  }
  EXPECT_EQ(tokens, 1);
  EXPECT_TRUE(done);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(EvidenceTest, WithoutDemandsThereIsNoRoundTrip) {
  server_.clients = nullptr;
  StartBert();
  std::vector<float> logits;
  const auto plain = OwnIdentity::Make().value();
  EXPECT_TRUE(Tls(plain).Classify({Tokens(5, 1)}, &logits).ok());
  EXPECT_FALSE(logits.empty());
  v1::HelloReply hello;
  EXPECT_TRUE(Tls(plain).Hello(wire::kProtocolVersion, &hello).ok());
  EXPECT_FALSE(hello.demands_evidence());
}

TEST_F(EvidenceTest, DemandsNeedTls) {
  server_.identity = nullptr;
  const auto server = Server::Start(nullptr, server_);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::server
