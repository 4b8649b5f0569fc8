// SPDX-License-Identifier: Apache-2.0
// Many clients: queue, disconnects, deadlines, drain, and a hostile neighbour.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "cmif/server/testing/server_fixture.h"
#include "cmif/wire/limits.h"

namespace cmif::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Generated;
using testing::Greedy;
using ::testing::HasSubstr;
using ::testing::Not;

class CrowdTest : public testing::ServerFixture {
 protected:
  // A session that holds its place: its first token waits for an answer.
  struct Holder {
    grpc::ClientContext context;
    std::unique_ptr<v1::Inference::Stub> stub;
    std::unique_ptr<
        grpc::ClientReaderWriter<v1::GenerateRequest, v1::GenerateReply>>
        stream;
  };
  std::unique_ptr<Holder> Hold(int prompt = 5, bool read = true) {
    auto holder = std::make_unique<Holder>();
    holder->stub = v1::Inference::NewStub(grpc::CreateChannel(
        running_->address(), grpc::InsecureChannelCredentials()));
    holder->stream = holder->stub->Generate(&holder->context);
    wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
    v1::GenerateRequest request;
    *request.mutable_sampling() = Greedy(500);
    *request.mutable_rows() = Client().Rows(sender, Tokens(prompt, 1));
    request.set_prompt_done(true);
    holder->stream->Write(request);
    v1::GenerateReply reply;
    if (read) {
      EXPECT_TRUE(holder->stream->Read(&reply));
      EXPECT_TRUE(reply.wants_row());
    }
    return holder;
  }
};

TEST_F(CrowdTest, QueueIsBounded) {
  engine_.sessions = 1;
  engine_.waiting_sessions = 1;
  StartLlama();
  const auto holder = Hold();
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  std::vector<grpc::Status> statuses(3);
  threads.reserve(statuses.size());
  for (auto& status : statuses) {
    threads.emplace_back([&] {
      status = Client().Generate(Tokens(5, 2), Greedy(2)).status;
      if (!status.ok()) ++refused;
    });
  }
  // Two of three are refused at once; then the holder makes place.
  const auto limit = steady_clock::now() + seconds(20);
  while (refused < 2 && steady_clock::now() < limit) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  holder->context.TryCancel();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 2);
  for (const auto& status : statuses) {
    if (status.ok()) continue;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
}

TEST_F(CrowdTest, ClientThatGoesAwayFreesItsPlace) {
  engine_.sessions = 1;
  StartLlama();
  const auto prompt = Tokens(20, 4);
  const auto expected = Plain().Greedy(prompt, 10);
  for (int i = 0; i < 10; ++i) {
    auto holder = Hold();
    holder->context.TryCancel();
    // The place is used again at once, with a clean cache.
    EXPECT_EQ(Client().Generate(prompt, Greedy(10)).tokens, expected) << i;
  }
}

TEST_F(CrowdTest, DeadlineOfAWaitingClientIsKept) {
  engine_.sessions = 1;
  StartLlama();
  const auto holder = Hold();
  auto client = Client();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + milliseconds(200));
  const auto start = steady_clock::now();
  const auto stream = client.stub().Generate(&context);
  v1::GenerateReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST_F(CrowdTest, SilentClientLosesItsPlace) {
  engine_.sessions = 1;
  engine_.idle_timeout = milliseconds(300);
  StartLlama();
  const auto holder = Hold();
  v1::GenerateReply reply;
  EXPECT_FALSE(holder->stream->Read(&reply));
  EXPECT_EQ(holder->stream->Finish().error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(CrowdTest, SilentClientsMakeRoomForThoseThatWait) {
  engine_.sessions = 1;
  engine_.crowded_idle_timeout = milliseconds(300);
  StartLlama();
  const auto holder = Hold();
  // Nobody waits: it stays.
  std::this_thread::sleep_for(milliseconds(600));
  EXPECT_FALSE(Log().contains("ended with"));
  EXPECT_TRUE(Client().Generate(Tokens(5, 2), Greedy(2)).status.ok());
  v1::GenerateReply reply;
  EXPECT_FALSE(holder->stream->Read(&reply));
  EXPECT_EQ(holder->stream->Finish().error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(CrowdTest, IdleClassificationStreamIsEnded) {
  server_.idle_timeout = milliseconds(300);
  StartBert();
  auto client = Client();
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  v1::ClassifyReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(CrowdTest, IdleStreamsMakeRoomWhereTheyAreMany) {
  server_.classify_streams = 4;
  server_.idle_timeout = seconds(60);
  server_.crowded_idle_timeout = milliseconds(300);
  StartBert();
  auto client = Client();
  std::array<grpc::ClientContext, 4> contexts;
  std::vector<std::unique_ptr<
      grpc::ClientReaderWriter<v1::ClassifyRequest, v1::ClassifyReply>>>
      streams;
  streams.reserve(contexts.size());
  for (auto& context : contexts) {
    streams.push_back(client.stub().Classify(&context));
  }
  for (const auto& stream : streams) {
    v1::ClassifyReply reply;
    EXPECT_FALSE(stream->Read(&reply));
    EXPECT_EQ(stream->Finish().error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
  }
}

// A client whose transport takes hardly a byte that it has not asked for.
std::unique_ptr<v1::Inference::Stub> StubThatTakesNothing(
    const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  return v1::Inference::NewStub(grpc::CreateCustomChannel(
      address, grpc::InsecureChannelCredentials(), arguments));
}

TEST_F(CrowdTest, ClassificationsThatNobodyReadsAreBrokenOff) {
  server_.classify_streams = 1;
  server_.write_timeout = milliseconds(300);
  StartBert();
  const auto stub = StubThatTakesNothing(running_->address());
  grpc::ClientContext context;
  const auto stream = stub->Classify(&context);
  wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
  v1::ClassifyRequest request;
  for (int i = 0; i < 64; ++i) request.add_lengths(1);
  *request.mutable_rows() = Client().Rows(sender, Tokens(64, 1));
  ASSERT_TRUE(stream->Write(request));
  // Its place is free again although it neither reads nor goes away.
  const auto limit = steady_clock::now() + seconds(20);
  std::vector<float> logits;
  while (!Client().Classify({Tokens(3, 1)}, &logits).ok() &&
         steady_clock::now() < limit) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_LT(steady_clock::now(), limit);
  v1::ClassifyReply reply;
  while (stream->Read(&reply)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(CrowdTest, AnswersThatNobodyReadsAreBrokenOff) {
  server_.write_timeout = milliseconds(300);
  StartLlama(/*head_on_client=*/true);
  const auto stub = StubThatTakesNothing(running_->address());
  grpc::ClientContext context;
  const auto stream = stub->Generate(&context);
  wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
  v1::GenerateRequest request;
  *request.mutable_sampling() = Greedy(1);
  *request.mutable_rows() = Client().Rows(sender, Tokens(5, 1));
  request.set_prompt_done(true);
  ASSERT_TRUE(stream->Write(request));
  std::this_thread::sleep_for(seconds(3));
  v1::GenerateReply reply;
  while (stream->Read(&reply)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Each client writes without waiting: long and short requests in turns, so that
// one is read while another is expanded, computed or answered.
TEST_F(CrowdTest, StreamsThatWriteAheadGetEveryAnswerInOrder) {
  StartBert();
  constexpr size_t kRequests = 24;
  const auto sentences_of = [](size_t request) -> size_t {
    return request % 2 == 0 ? 64 : 1;
  };
  std::atomic<int> good = 0;
  const auto run = [&] {
    auto client = Client();
    grpc::ClientContext context;
    const auto stream = client.stub().Classify(&context);
    std::thread writer([&] {
      for (size_t i = 0; i < kRequests; ++i) {
        wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
        v1::ClassifyRequest request;
        request.set_reset_slots(true);
        for (size_t k = 0; k < sentences_of(i); ++k) request.add_lengths(3);
        *request.mutable_rows() = client.Rows(
            sender, Tokens(static_cast<int>(3 * sentences_of(i)), 1));
        stream->Write(request);
      }
      stream->WritesDone();
    });
    v1::ClassifyReply reply;
    size_t answered = 0;
    for (int labels = 0; stream->Read(&reply); ++answered) {
      if (answered == 0) labels = reply.logits_size() / 64;
      EXPECT_EQ(static_cast<size_t>(reply.logits_size()),
                sentences_of(answered) * static_cast<size_t>(labels));
    }
    writer.join();
    if (stream->Finish().ok() && answered == kRequests) ++good;
  };
  std::vector<std::jthread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) clients.emplace_back(run);
  clients.clear();  // joins
  EXPECT_EQ(good, 8);
}

TEST_F(CrowdTest, ClassificationStreamsAreBounded) {
  server_.classify_streams = 1;
  StartBert();
  auto client = Client();
  grpc::ClientContext context;
  const auto stream = client.stub().Classify(&context);
  wire::RowSender sender(table_->row_bytes(), wire::kMaxSlots);
  v1::ClassifyRequest request;
  request.add_lengths(3);
  *request.mutable_rows() = client.Rows(sender, Tokens(3, 1));
  v1::ClassifyReply reply;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&reply));
  std::vector<float> logits;
  const auto second = Client().Classify({Tokens(3, 1)}, &logits);
  EXPECT_EQ(second.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(CrowdTest, NeighbourOfAHostileSessionGetsTheSameTokens) {
  engine_.sessions = 2;
  StartLlama();
  const auto prompt = Tokens(30, 4);
  const auto expected = Plain().Greedy(prompt, 60);
  std::atomic<bool> stop = false;
  std::thread hostile([&] {
    for (int i = 0; !stop; ++i) {
      auto holder = Hold(40);
      v1::GenerateRequest bad;
      std::string row(table_->row_bytes(), '\x7f');
      // NaN, infinity, the largest finite, and the largest accepted rows.
      const uint16_t scales[] = {0x7E00, 0x7C00, 0x7BFF, 0x5400};
      std::memcpy(row.data(), &scales[i % 4], 2);
      bad.mutable_rows()->set_new_rows(row);
      bad.mutable_rows()->add_slots(i % 4 == 3 ? 40 : 0);
      holder->stream->Write(bad);
      v1::GenerateReply reply;
      while (holder->stream->Read(&reply) && i % 3 != 0) {
      }
      holder->context.TryCancel();
    }
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Client().Generate(prompt, Greedy(60)).tokens, expected) << i;
  }
  stop = true;
  hostile.join();
}

TEST_F(CrowdTest, DrainLetsRunningSessionsEnd) {
  StartLlama();
  std::atomic<bool> done = false;
  std::thread runner([&] {
    const Generated got = Client().Generate(Tokens(30, 4), Greedy(400));
    // Either it came before the drain and ended, or it never started.
    EXPECT_TRUE(got.status.ok() ||
                got.status.error_code() == grpc::StatusCode::UNAVAILABLE)
        << got.status.error_message();
    done = true;
  });
  std::this_thread::sleep_for(milliseconds(20));
  running_->Drain(seconds(30));
  EXPECT_THAT(Log(), HasSubstr("stopped"));
  runner.join();
}

TEST_F(CrowdTest, DrainEndsWhatIsLeftAtTheLimit) {
  StartLlama();
  const auto holder = Hold();
  const auto start = steady_clock::now();
  running_->Drain(milliseconds(200));
  EXPECT_THAT(Log(), HasSubstr("stopped; 1 calls cut off"));
  EXPECT_LT(steady_clock::now() - start, seconds(5));
  v1::GenerateReply reply;
  EXPECT_FALSE(holder->stream->Read(&reply));
  EXPECT_FALSE(holder->stream->Finish().ok());
}

TEST_F(CrowdTest, LogHoldsNothingOfUsers) {
  StartLlama();
  auto holder = Hold();
  v1::GenerateRequest bad;
  bad.mutable_rows()->set_new_rows("marker-4711");
  holder->stream->Write(bad);
  v1::GenerateReply reply;
  while (holder->stream->Read(&reply)) {
  }
  EXPECT_FALSE(holder->stream->Finish().ok());
  running_->Drain(seconds(1));
  EXPECT_THAT(Log(), HasSubstr("stopped; 0 calls cut off"));
  EXPECT_THAT(Log(), HasSubstr("INVALID_ARGUMENT"));
  EXPECT_THAT(Log(), Not(HasSubstr("4711")));
}

}  // namespace
}  // namespace cmif::server
