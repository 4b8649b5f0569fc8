// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/stream_proof.h"

#include <gtest/gtest.h>

#include "cmif/attest/testing/snp_machine.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/crypto/tls_key.h"

namespace cmif::attest {
namespace {

using std::chrono::seconds;
using testing::SnpMachine;

constexpr char kContext[] = "Classify body";

// An identity and the certificate that a peer would see of it.
struct Side {
  explicit Side(std::unique_ptr<platform::Attester> attester)
      : identity(attester
                     ? OwnIdentity::MakeAttested(std::move(attester)).value()
                     : OwnIdentity::Make().value()),
        certificate(identity->certificate()) {}
  std::shared_ptr<OwnIdentity> identity;
  std::string certificate;
};

void ExpectCode(const auto& result, Code code, std::string_view says) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), code) << result.error().message();
  EXPECT_NE(result.error().message().find(says), std::string::npos)
      << result.error().message();
}

// Both sides attest and demand, unless a test changes a party.
class StreamProofTest : public ::testing::Test {
 protected:
  ServerProof Server(std::string context = kContext) {
    return {server_party_, std::move(context), client_.certificate};
  }
  ClientProof Client(bool server_demands = true) {
    return {client_party_, kContext, server_demands};
  }
  // What the server says to the client's first message.
  ProofMessage Reply(ServerProof& server, ClientProof& client) {
    auto reply = server.Take(client.Begin(), now_);
    EXPECT_TRUE(reply) << reply.error().message();
    return **reply;
  }

  SnpMachine server_machine_;
  SnpMachine client_machine_;
  Side server_{server_machine_.NewAttester()};
  Side client_{client_machine_.NewAttester()};
  Party server_party_{server_.identity, client_machine_.NewJudge()};
  Party client_party_{client_.identity, server_machine_.NewJudge()};
  ProofClock::time_point now_{seconds(1000)};
};

TEST_F(StreamProofTest, BothSidesProveThemselves) {
  ServerProof server = Server();
  ClientProof client = Client();
  EXPECT_TRUE(client.Due(now_));
  ExpectCode(server.MayTakeRows(now_), Code::kUnauthenticated, "--attester");
  const ProofMessage reply = Reply(server, client);
  const auto last = client.Answer(reply, server_.certificate, now_);
  ASSERT_TRUE(last) << last.error().message();
  ASSERT_TRUE(*last);
  EXPECT_FALSE(client.Due(now_));
  const auto done = server.Take(**last, now_);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_FALSE(*done);
  EXPECT_TRUE(server.MayTakeRows(now_));
}

TEST_F(StreamProofTest, IsRepeatedOnATimer) {
  ServerProof server = Server();
  ClientProof client = Client();
  const auto last =
      client.Answer(Reply(server, client), server_.certificate, now_);
  ASSERT_TRUE(server.Take(**last, now_));
  EXPECT_FALSE(client.Due(now_ + ClientProof::kInterval - seconds(1)));
  EXPECT_TRUE(client.Due(now_ + ClientProof::kInterval));
  EXPECT_TRUE(server.MayTakeRows(now_ + ServerProof::kValid));
  ExpectCode(server.MayTakeRows(now_ + ServerProof::kValid + seconds(1)),
             Code::kUnauthenticated, "too old");
  now_ += ServerProof::kValid;
  const auto again =
      client.Answer(Reply(server, client), server_.certificate, now_);
  ASSERT_TRUE(again && *again);
  ASSERT_TRUE(server.Take(**again, now_));
  EXPECT_TRUE(server.MayTakeRows(now_ + ServerProof::kValid));
}

TEST_F(StreamProofTest, OnlyTheSideThatIsAskedProves) {
  server_party_.peers = nullptr;
  ServerProof server = Server();
  ClientProof client = Client(false);
  EXPECT_TRUE(server.MayTakeRows(now_));
  const auto last =
      client.Answer(Reply(server, client), server_.certificate, now_);
  ASSERT_TRUE(last);
  EXPECT_FALSE(*last);

  client_party_.peers = nullptr;
  EXPECT_FALSE(Client(false).Due(now_)) << "no extra round trip";
  EXPECT_TRUE(Client(true).Due(now_));
}

TEST_F(StreamProofTest, AServerWithoutEvidenceIsRefused) {
  ServerProof server = Server();
  server_party_.identity = OwnIdentity::Make().value();
  ServerProof plain = Server();
  ClientProof client = Client();
  ExpectCode(plain.Take(client.Begin(), now_), Code::kFailedPrecondition,
             "--attester");
  // One that keeps silent about it.
  ExpectCode(client.Answer({}, server_.certificate, now_),
             Code::kUnauthenticated, "no evidence");
  EXPECT_TRUE(client.Due(now_));
}

TEST_F(StreamProofTest, AClientWithoutEvidenceIsRefused) {
  client_ = Side(nullptr);
  client_party_.identity = client_.identity;
  ServerProof server = Server();
  ClientProof client = Client();
  ExpectCode(client.Answer(Reply(server, client), server_.certificate, now_),
             Code::kFailedPrecondition, "--attester");
  ExpectCode(server.MayTakeRows(now_), Code::kUnauthenticated, "--attester");
}

// Someone between both, with a key of his own, passes the challenge on to the
// genuine server.
TEST_F(StreamProofTest, ARelayedChallengeIsRefused) {
  const Side relay(nullptr);
  ServerProof server(server_party_, kContext, relay.certificate);
  ClientProof client = Client();
  const ProofMessage reply = Reply(server, client);
  ExpectCode(client.Answer(reply, relay.certificate, now_),
             Code::kUnauthenticated, "report_data");
}

// The same towards the server: the relay's client key is not the client's.
TEST_F(StreamProofTest, ARelayedClientIsRefused) {
  const Side relay(nullptr);
  client_party_.peers = nullptr;
  ServerProof server(server_party_, kContext, relay.certificate);
  ClientProof client = Client();
  const ProofMessage reply = Reply(server, client);
  const auto last = client.Answer(reply, relay.certificate, now_);
  ASSERT_TRUE(last && *last);
  ExpectCode(server.Take(**last, now_), Code::kUnauthenticated, "report_data");
}

// The answer came over one connection, the next message comes over another.
TEST_F(StreamProofTest, ASwappedConnectionIsRefused) {
  const Side other(server_machine_.NewAttester());  // genuine too
  ServerProof server = Server();
  ClientProof client = Client();
  const ProofMessage reply = Reply(server, client);
  ExpectCode(client.Answer(reply, other.certificate, now_),
             Code::kUnauthenticated, "report_data");
}

TEST_F(StreamProofTest, AnAnswerIsGoodOnce) {
  ServerProof server = Server();
  ClientProof client = Client();
  const ProofMessage reply = Reply(server, client);
  const auto last = client.Answer(reply, server_.certificate, now_);
  ASSERT_TRUE(server.Take(**last, now_));
  ExpectCode(server.Take(**last, now_), Code::kInvalidArgument, "not asked");
  ExpectCode(client.Answer(reply, server_.certificate, now_), Code::kInternal,
             "no question");
  // In the next round and on the next stream there are other nonces.
  client.Begin();
  ExpectCode(client.Answer(reply, server_.certificate, now_),
             Code::kUnauthenticated, "report_data");
  ServerProof fresh = Server();
  ClientProof second = Client();
  Reply(fresh, second);
  ExpectCode(fresh.Take(**last, now_), Code::kUnauthenticated, "report_data");
  ExpectCode(fresh.Take(**last, now_), Code::kInvalidArgument, "not asked");
}

// A server's evidence does not serve as a client's, nor for another call.
TEST_F(StreamProofTest, RoleAndContextCount) {
  ServerProof other = Server("Generate body");
  ClientProof client = Client();
  ExpectCode(client.Answer(Reply(other, client), server_.certificate, now_),
             Code::kUnauthenticated, "report_data");

  // Reflected: the client's own machine would be accepted as a server.
  client_party_.peers = client_machine_.NewJudge();
  ClientProof mirrored = Client();
  const ProofMessage asked = mirrored.Begin();
  const auto own = client_.identity->Collect(AnswerReportData(
      [&] {
        Nonce nonce;
        std::ranges::copy(asked.nonce, nonce.begin());
        return nonce;
      }(),
      {.attester = Role::kClient,
       .attester_key = client_.identity->key_sha256(),
       .verifier_key = client_.identity->key_sha256(),
       .context = kContext}));
  ExpectCode(
      mirrored.Answer({.evidence = std::string(own->begin(), own->end())},
                      client_.certificate, now_),
      Code::kUnauthenticated, "report_data");
}

TEST_F(StreamProofTest, ThePolicyDecides) {
  server_machine_.ChangeMeasurement();
  ServerProof server = Server();
  ClientProof client = Client();
  ExpectCode(client.Answer(Reply(server, client), server_.certificate, now_),
             Code::kUnauthenticated, "measurement");
}

TEST_F(StreamProofTest, HostileMessages) {
  ServerProof server = Server();
  ExpectCode(server.Take({.nonce = "short"}, now_), Code::kInvalidArgument,
             "32 bytes");
  now_ += seconds(2);
  ExpectCode(server.Take({.evidence = "x"}, now_), Code::kInvalidArgument,
             "not asked");
  ClientProof client = Client();
  Reply(server, client);
  ExpectCode(
      server.Take({.nonce = std::string(32, 'n'), .evidence = "x"}, now_),
      Code::kInvalidArgument, "not asked");
  ExpectCode(server.Take(client.Begin(), now_), Code::kResourceExhausted,
             "a second");
  ExpectCode(client.Answer({.evidence = "x"}, "", now_), Code::kUnauthenticated,
             "no certificate");
  server_party_.identity = nullptr;
  ExpectCode(Server().Take({}, now_), Code::kFailedPrecondition, "no TLS");
}

TEST_F(StreamProofTest, AServerThatAsksOftenIsAnsweredOften) {
  ServerProof server = Server();
  ClientProof client = Client();
  ProofMessage reply = Reply(server, client);
  reply.valid_seconds = 20;
  ASSERT_TRUE(client.Answer(reply, server_.certificate, now_));
  EXPECT_FALSE(client.Due(now_ + seconds(9)));
  EXPECT_TRUE(client.Due(now_ + seconds(10)));
}

}  // namespace
}  // namespace cmif::attest
