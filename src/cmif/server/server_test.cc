// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "cmif/server/testing/server_fixture.h"
#include "cmif/wire/limits.h"

namespace cmif::server {
namespace {

using testing::Generated;
using testing::Greedy;
using ::testing::HasSubstr;

class ServerTest : public testing::ServerFixture {};

TEST_F(ServerTest, HelloTellsTheModel) {
  StartLlama();
  v1::HelloReply reply;
  ASSERT_TRUE(Client().Hello(wire::kProtocolVersion, &reply).ok());
  EXPECT_EQ(reply.protocol_version(), wire::kProtocolVersion);
  EXPECT_EQ(reply.model_id().size(), 64U);
  EXPECT_EQ(reply.body_sha256(), "feed");
  EXPECT_EQ(reply.architecture(), "llama");
  EXPECT_EQ(reply.partition(), "embedding");
  EXPECT_EQ(reply.row_type(), "q8_0");
  EXPECT_EQ(reply.row_width(), 64U);
  EXPECT_EQ(reply.max_tokens(), 512U);
  EXPECT_EQ(reply.max_sessions(), 8U);
  EXPECT_EQ(reply.labels(), 0U);
  EXPECT_EQ(reply.max_slots(), 512U);
}

TEST_F(ServerTest, OtherProtocolVersionIsRefused) {
  StartLlama();
  for (const uint32_t version : {0U, wire::kProtocolVersion + 1}) {
    v1::HelloReply reply;
    const grpc::Status status = Client().Hello(version, &reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  }
}

TEST_F(ServerTest, GeneratesWhatPlainLlamaGenerates) {
  StartLlama();
  const auto prompt = Tokens(40, 3);
  const Generated got = Client().Generate(prompt, Greedy(50));
  ASSERT_TRUE(got.status.ok()) << got.status.error_message();
  EXPECT_EQ(got.tokens, Plain().Greedy(prompt, 50));
  ASSERT_TRUE(got.has_done);
  EXPECT_EQ(got.done.reason(), v1::Done::MAX_TOKENS);
  EXPECT_EQ(got.done.prompt_tokens(), 40U);
  EXPECT_EQ(got.done.tokens(), 50U);
  EXPECT_GT(got.done.prompt_micros(), 0U);
}

TEST_F(ServerTest, RepeatedTokenNeedsNoAnswer) {
  StartLlama();
  const Generated got = Client().Generate(Tokens(10, 3), Greedy(200));
  ASSERT_TRUE(got.status.ok());
  std::set<uint32_t> distinct(got.tokens.begin(), got.tokens.end() - 1);
  ASSERT_LT(distinct.size(), 150U) << "a tiny model repeats itself";
  EXPECT_EQ(got.rows_asked, distinct.size());
}

TEST_F(ServerTest, StopTokenEndsGeneration) {
  StartLlama();
  const auto prompt = Tokens(10, 3);
  const auto plain = Plain().Greedy(prompt, 5);
  v1::Sampling sampling = Greedy(50);
  sampling.add_stop_tokens(plain[3]);
  const Generated got = Client().Generate(prompt, sampling);
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.done.reason(), v1::Done::STOP);
  const auto stop = std::find(plain.begin(), plain.end(), plain[3]);
  EXPECT_EQ(got.tokens, std::vector<uint32_t>(plain.begin(), stop));
}

TEST_F(ServerTest, FullContextEndsGeneration) {
  engine_.session_tokens = 64;
  StartLlama();
  const Generated got = Client().Generate(Tokens(60, 3), Greedy(50));
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.done.reason(), v1::Done::CONTEXT_FULL);
  EXPECT_EQ(got.tokens.size(), 5U);
  const Generated one = Client().Generate(Tokens(64, 3), Greedy(50));
  EXPECT_EQ(one.done.reason(), v1::Done::CONTEXT_FULL);
  EXPECT_EQ(one.tokens.size(), 1U);
}

TEST_F(ServerTest, SameSeedGivesSameTokens) {
  StartLlama();
  v1::Sampling sampling = Greedy(20);
  sampling.set_temperature(1.5F);
  sampling.set_top_p(0.9F);
  sampling.set_seed(7);
  const auto prompt = Tokens(10, 3);
  const auto first = Client().Generate(prompt, sampling).tokens;
  EXPECT_EQ(first.size(), 20U);
  EXPECT_EQ(Client().Generate(prompt, sampling).tokens, first);
  sampling.set_seed(8);
  EXPECT_NE(Client().Generate(prompt, sampling).tokens, first);
}

TEST_F(ServerTest, PromptInSeveralMessagesIsThePrompt) {
  StartLlama();
  const auto prompt = Tokens(90, 3);
  auto client = Client();
  wire::RowSender sender(client.table().row_bytes(), wire::kMaxSlots);
  grpc::ClientContext context;
  const auto stream = client.stub().Generate(&context);
  for (size_t part = 0; part < 3; ++part) {
    v1::GenerateRequest request;
    if (part == 0) *request.mutable_sampling() = Greedy(1);
    *request.mutable_rows() =
        client.Rows(sender, std::span(prompt).subspan(part * 30, 30));
    ASSERT_TRUE(stream->Write(request));
  }
  v1::GenerateRequest last;
  last.set_prompt_done(true);
  ASSERT_TRUE(stream->Write(last));
  stream->WritesDone();
  v1::GenerateReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.tokens(0), Plain().Greedy(prompt, 1)[0]);
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.done().prompt_tokens(), 90U);
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, ClosedClientSideEndsGenerationInOrder) {
  StartLlama();
  auto client = Client();
  wire::RowSender sender(client.table().row_bytes(), wire::kMaxSlots);
  grpc::ClientContext context;
  const auto stream = client.stub().Generate(&context);
  v1::GenerateRequest request;
  *request.mutable_sampling() = Greedy(10);
  *request.mutable_rows() = client.Rows(sender, Tokens(5, 1));
  request.set_prompt_done(true);
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::GenerateReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_GT(reply.tokens_size(), 0);
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.done().reason(), v1::Done::CLIENT_CLOSED);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, HeadlessBodySendsTheStatesOfTheWholeModel) {
  StartLlama(/*head_on_client=*/true);
  const auto prompt = Tokens(30, 3);
  const Generated got = Client().GenerateStates(prompt, Greedy(3), 17);
  ASSERT_TRUE(got.status.ok()) << got.status.error_message();
  ASSERT_EQ(got.states.size(), 3U);
  EXPECT_EQ(got.done.reason(), v1::Done::MAX_TOKENS);
  EXPECT_EQ(got.rows_asked, 3U);  // the last answer comes after the end
  const auto plain = engine::testing::PlainLlama::Load(
      Whole(), {.threads = 1, .hidden_states = true});
  std::vector<float> expected = plain.value()->Append(prompt);
  for (const std::string& state : got.states) {
    ASSERT_EQ(state.size(), 64 * sizeof(float));
    EXPECT_EQ(std::memcmp(state.data(), expected.data(), state.size()), 0);
    expected = plain.value()->Append(std::vector<int32_t>{17});
  }
}

TEST_F(ServerTest, ClassifiesAsPlainLlama) {
  StartBert();
  const std::vector<std::vector<int32_t>> sentences = {Tokens(12, 1),
                                                       Tokens(30, 2)};
  std::vector<float> logits;
  const auto status = Client().Classify(sentences, &logits);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(logits, Plain().Classify(sentences));
}

TEST_F(ServerTest, ManySentencesAndStreamsKeepTheirOrder) {
  StartBert();
  std::vector<std::vector<int32_t>> sentences;
  sentences.reserve(64);
  for (int i = 0; i < 64; ++i) sentences.push_back(Tokens(5 + i % 40, i));
  std::vector<float> expected;
  for (const auto& sentence : sentences) {
    const auto one = Plain().Classify({sentence});
    expected.insert(expected.end(), one.begin(), one.end());
  }
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<float> logits;
      const grpc::Status status = Client().Classify(sentences, &logits);
      ASSERT_TRUE(status.ok())
          << status.error_code() << " " << status.error_message();
      ASSERT_EQ(logits.size(), expected.size());
      for (size_t i = 0; i < logits.size(); ++i) {
        // Other batch shapes round otherwise (f16 inside attention).
        ASSERT_NEAR(logits[i], expected[i], 0.02F) << i;
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(ServerTest, WrongKindOfCallIsRefused) {
  StartLlama();
  std::vector<float> logits;
  EXPECT_EQ(Client().Classify({Tokens(3, 1)}, &logits).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  running_.reset();
  StartBert();
  EXPECT_EQ(Client().Generate(Tokens(3, 1), Greedy(1)).status.error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ServerTest, ManySessionsGenerateTheSame) {
  engine_.sessions = 3;
  StartLlama();
  std::vector<std::thread> threads;
  std::vector<std::vector<uint32_t>> got(8);
  threads.reserve(got.size());
  for (size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([this, i, &got] {
      const int seed = static_cast<int>(i);
      got[i] = Client().Generate(Tokens(20 + seed, seed), Greedy(30)).tokens;
    });
  }
  for (auto& thread : threads) thread.join();
  for (size_t i = 0; i < got.size(); ++i) {
    const int seed = static_cast<int>(i);
    EXPECT_EQ(got[i], Plain().Greedy(Tokens(20 + seed, seed), 30)) << i;
  }
}

TEST_F(ServerTest, TakenPortIsReported) {
  StartLlama();
  auto engine = engine::Engine::Load(folder_ / "body.gguf", engine_);
  ServerOptions options;
  options.listen = running_->address();
  const auto second = Server::Start(*std::move(engine), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
  EXPECT_THAT(second.error().message(), HasSubstr("--listen"));
}

TEST_F(ServerTest, OtherThanLoopbackNeedsInsecureBind) {
  StartLlama();
  ServerOptions options;
  options.listen = "0.0.0.0:0";
  auto engine = engine::Engine::Load(folder_ / "body.gguf", engine_);
  const auto refused = Server::Start(*std::move(engine), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kPermissionDenied);
  options.insecure_bind = true;
  engine = engine::Engine::Load(folder_ / "body.gguf", engine_);
  EXPECT_TRUE(Server::Start(*std::move(engine), options));
}

}  // namespace
}  // namespace cmif::server
