// SPDX-License-Identifier: Apache-2.0
// Whatever comes over the network: every message is refused with a clear
// status, and nobody else notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <thread>

#include "cmif/server/testing/server_fixture.h"
#include "cmif/wire/limits.h"

namespace cmif::server {
namespace {

using std::chrono::milliseconds;
using testing::Greedy;
using ::testing::HasSubstr;

constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;

class HostileTest : public testing::ServerFixture {
 protected:
  using Stream =
      grpc::ClientReaderWriter<v1::GenerateRequest, v1::GenerateReply>;

  // A good first message, for tests to spoil.
  v1::GenerateRequest First(int tokens = 5) {
    wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
    v1::GenerateRequest request;
    *request.mutable_sampling() = Greedy(20);
    *request.mutable_rows() = Client().Rows(sender, Tokens(tokens, 1));
    request.set_prompt_done(true);
    return request;
  }
  // The status after these messages, with all replies read.
  grpc::Status Send(const std::vector<v1::GenerateRequest>& requests) {
    auto client = Client();
    grpc::ClientContext context;
    const auto stream = client.stub().Generate(&context);
    for (const auto& request : requests) stream->Write(request);
    v1::GenerateReply reply;
    while (stream->Read(&reply)) {
    }
    return stream->Finish();
  }
  grpc::Status SendSpoiled(
      const std::function<void(v1::GenerateRequest&)>& spoil) {
    auto request = First();
    spoil(request);
    return Send({request});
  }
  grpc::Status Classify(const v1::ClassifyRequest& request) {
    auto client = Client();
    grpc::ClientContext context;
    const auto stream = client.stub().Classify(&context);
    stream->Write(request);
    stream->WritesDone();
    v1::ClassifyReply reply;
    while (stream->Read(&reply)) {
    }
    return stream->Finish();
  }
  v1::ClassifyRequest Sentences(const std::vector<int>& lengths) {
    wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
    v1::ClassifyRequest request;
    std::vector<int32_t> tokens;
    for (const int length : lengths) {
      request.add_lengths(static_cast<uint32_t>(length));
      const auto sentence = Tokens(length, 1);
      tokens.insert(tokens.end(), sentence.begin(), sentence.end());
    }
    *request.mutable_rows() = Client().Rows(sender, tokens);
    return request;
  }
  // A q8_0 row starts with its f16 scale.
  void SetScale(std::string& rows, uint16_t half) const {
    std::memcpy(rows.data(), &half, sizeof(half));
  }
  void ExpectStillGood() {
    const auto prompt = Tokens(12, 3);
    EXPECT_EQ(Client().Generate(prompt, Greedy(10)).tokens,
              Plain().Greedy(prompt, 10));
  }
};

TEST_F(HostileTest, SpoiledRowsAreRefused) {
  StartLlama();
  using Spoil = std::function<void(v1::GenerateRequest&)>;
  const std::vector<std::pair<const char*, Spoil>> cases = {
      {"part of a row",
       [](auto& r) { r.mutable_rows()->mutable_new_rows()->pop_back(); }},
      {"one byte more",
       [](auto& r) { r.mutable_rows()->mutable_new_rows()->push_back(1); }},
      {"f32 rows",
       [](auto& r) {
         r.mutable_rows()->set_new_rows(std::string(5 * 256 + 4, 0));
       }},
      {"slot out of range", [](auto& r) { r.mutable_rows()->add_slots(5); }},
      {"largest slot",
       [](auto& r) { r.mutable_rows()->set_slots(0, 0xFFFFFFFF); }},
      {"no rows for slots",
       [](auto& r) { r.mutable_rows()->clear_new_rows(); }},
      {"no positions", [](auto& r) { r.mutable_rows()->clear_slots(); }},
      {"no rows at all", [](auto& r) { r.clear_rows(); }},
      {"infinite",
       [this](auto& r) {
         SetScale(*r.mutable_rows()->mutable_new_rows(), 0x7C00);
       }},
      {"negative infinite",
       [this](auto& r) {
         SetScale(*r.mutable_rows()->mutable_new_rows(), 0xFC00);
       }},
      {"not a number",
       [this](auto& r) {
         SetScale(*r.mutable_rows()->mutable_new_rows(), 0x7E00);
       }},
      {"too large",
       [this](auto& r) {
         SetScale(*r.mutable_rows()->mutable_new_rows(), 0x7BFF);
       }},
  };
  for (const auto& [name, spoil] : cases) {
    const auto status = SendSpoiled(spoil);
    EXPECT_EQ(status.error_code(), kInvalid) << name;
    EXPECT_FALSE(status.error_message().empty()) << name;
  }
  ExpectStillGood();
}

TEST_F(HostileTest, SpoiledSamplingIsRefused) {
  StartLlama();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const float temperature : {nan, inf, -inf, -0.1F, 101.0F}) {
    EXPECT_EQ(SendSpoiled([&](auto& r) {
                r.mutable_sampling()->set_temperature(temperature);
              }).error_code(),
              kInvalid)
        << temperature;
  }
  for (const float top_p : {nan, inf, -0.1F, 1.1F}) {
    EXPECT_EQ(SendSpoiled([&](auto& r) {
                r.mutable_sampling()->set_top_p(top_p);
              }).error_code(),
              kInvalid)
        << top_p;
  }
  EXPECT_EQ(SendSpoiled([](auto& r) { r.clear_sampling(); }).error_code(),
            kInvalid);
  EXPECT_EQ(SendSpoiled([](auto& r) {
              r.mutable_sampling()->set_max_tokens(0);
            }).error_code(),
            kInvalid);
  EXPECT_EQ(SendSpoiled([](auto& r) {
              r.mutable_sampling()->add_stop_tokens(1 << 30);
            }).error_code(),
            kInvalid);
  EXPECT_EQ(SendSpoiled([](auto& r) {
              for (int i = 0; i < 300; ++i) {
                r.mutable_sampling()->add_stop_tokens(1);
              }
            }).error_code(),
            kInvalid);
  ExpectStillGood();
}

TEST_F(HostileTest, TinyTemperatureIsGreedy) {
  StartLlama();
  const auto prompt = Tokens(12, 3);
  v1::Sampling sampling = Greedy(10);
  sampling.set_temperature(1e-38F);
  EXPECT_EQ(Client().Generate(prompt, sampling).tokens,
            Plain().Greedy(prompt, 10));
}

TEST_F(HostileTest, LongPromptNamesBothNumbers) {
  engine_.session_tokens = 64;
  StartLlama();
  const auto status = Send({First(65)});
  EXPECT_EQ(status.error_code(), kInvalid);
  EXPECT_THAT(status.error_message(), HasSubstr("65"));
  EXPECT_THAT(status.error_message(), HasSubstr("64"));
  // The same in many messages.
  std::vector<v1::GenerateRequest> requests = {First(60)};
  requests[0].set_prompt_done(false);
  requests.emplace_back();
  for (int i = 0; i < 5; ++i) requests[1].mutable_rows()->add_slots(0);
  EXPECT_EQ(Send(requests).error_code(), kInvalid);
}

TEST_F(HostileTest, MoreRowsThanSlotsIsRefused) {
  engine_.session_tokens = 64;
  StartLlama();
  const auto status = SendSpoiled([this](auto& r) {
    const std::string row(table_->row_bytes(), 0);
    for (int i = 0; i < 64; ++i)
      r.mutable_rows()->mutable_new_rows()->append(row);
  });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(HostileTest, HugeMessageIsRefused) {
  StartLlama();
  const auto status = SendSpoiled([](auto& r) {
    r.mutable_rows()->set_new_rows(std::string(wire::kMaxMessageBytes + 1, 0));
  });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ExpectStillGood();
}

TEST_F(HostileTest, CompressedMessagesAreRefusedUnpacked) {
  StartLlama();
  auto client = Client();
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const auto stream = client.stub().Generate(&context);
  // Within the limit once unpacked: it is the compression that is refused.
  v1::GenerateRequest request = First(8);
  request.mutable_rows()->set_new_rows(std::string(1 << 20, 0));
  stream->Write(request);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  ExpectStillGood();
}

TEST_F(HostileTest, RowsThatNobodyAskedForAreRefused) {
  StartLlama();
  v1::GenerateRequest answer;
  answer.mutable_rows()->add_slots(0);
  // Many answers at once: an answer comes before it is asked for, or answers
  // the next token, which is so for all of them on no machine.
  std::vector<v1::GenerateRequest> sent(40, answer);
  sent.insert(sent.begin(), First(300));
  const auto status = Send(sent);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  ExpectStillGood();
}

TEST_F(HostileTest, WrongAnswersAreRefused) {
  StartLlama();
  for (const int positions : {0, 2, 100}) {
    auto client = Client();
    grpc::ClientContext context;
    const auto stream = client.stub().Generate(&context);
    stream->Write(First());
    v1::GenerateReply reply;
    ASSERT_TRUE(stream->Read(&reply));
    ASSERT_TRUE(reply.wants_row());
    v1::GenerateRequest answer;
    for (int i = 0; i < positions; ++i) answer.mutable_rows()->add_slots(0);
    stream->Write(answer);
    EXPECT_FALSE(stream->Read(&reply));
    EXPECT_EQ(stream->Finish().error_code(), kInvalid) << positions;
  }
}

TEST_F(HostileTest, StreamClosedBeforeThePromptEndsIsRefused) {
  StartLlama();
  for (const bool with_message : {false, true}) {
    auto client = Client();
    grpc::ClientContext context;
    const auto stream = client.stub().Generate(&context);
    if (with_message) {
      auto first = First();
      first.set_prompt_done(false);
      stream->Write(first);
    }
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().error_code(), kInvalid);
  }
}

TEST_F(HostileTest, SpoiledSentencesAreRefused) {
  StartBert();
  EXPECT_TRUE(Classify(Sentences({3, 4})).ok());
  std::vector<v1::ClassifyRequest> cases(6, Sentences({3, 4}));
  cases[0].set_lengths(0, 0);           // an empty sentence
  cases[1].set_lengths(0, 2);           // does not add up
  cases[2].set_lengths(0, 0xFFFFFFFF);  // nor does this
  cases[3].clear_lengths();
  cases[4].mutable_rows()->set_slots(1, 99);
  cases[5] = Sentences({513});
  for (const auto& request : cases) {
    EXPECT_EQ(Classify(request).error_code(), kInvalid)
        << request.ShortDebugString().size();
  }
  EXPECT_EQ(Classify(Sentences(std::vector<int>(65, 2))).error_code(),
            kInvalid);
  EXPECT_EQ(Classify({}).error_code(), kInvalid);
  EXPECT_TRUE(Classify(Sentences({512})).ok());
}

TEST_F(HostileTest, ResetForgetsSlots) {
  StartBert();
  auto client = Client();
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  v1::ClassifyReply reply;
  ASSERT_TRUE(stream->Write(Sentences({4})));
  ASSERT_TRUE(stream->Read(&reply));
  const auto first = reply.logits(0);
  v1::ClassifyRequest again;  // the same sentence without a row
  again.add_lengths(4);
  for (uint32_t i = 0; i < 4; ++i) again.mutable_rows()->add_slots(i);
  ASSERT_TRUE(stream->Write(again));
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.logits(0), first);
  again.set_reset_slots(true);
  ASSERT_TRUE(stream->Write(again));
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), kInvalid);
}

// All requests at once, before any reply is read: of different lengths, so that
// a reply in another's place would have another number of logits.
TEST_F(HostileTest, RequestsAheadAreAnsweredInOrder) {
  StartBert();
  auto client = Client();
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  const std::vector<size_t> counts = {9, 1, 4, 30, 2, 7};
  for (const size_t count : counts) {
    auto request = Sentences(std::vector<int>(count, 3));
    request.set_reset_slots(true);
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  v1::ClassifyReply reply;
  size_t labels = 0;
  for (const size_t count : counts) {
    ASSERT_TRUE(stream->Read(&reply));
    const auto logits = static_cast<size_t>(reply.logits_size());
    if (labels == 0) labels = logits / count;
    EXPECT_EQ(logits, count * labels);
  }
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(HostileTest, RefusedRequestTakesNoEarlierAnswerAway) {
  StartBert();
  auto client = Client();
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  ASSERT_TRUE(stream->Write(Sentences(std::vector<int>(40, 12))));
  auto spoiled = Sentences({3});
  spoiled.set_lengths(0, 2);
  ASSERT_TRUE(stream->Write(spoiled));
  v1::ClassifyReply reply;
  EXPECT_TRUE(stream->Read(&reply));
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), kInvalid);
}

}  // namespace
}  // namespace cmif::server
