// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <thread>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/engine/testing/plain_llama.h"
#include "cmif/model/source_model.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::PlainLlama;
using testing::TableRows;

// Answers every wish with the right row; records what it is told.
class Recorder final : public GenerationEvents {
 public:
  explicit Recorder(const TableRows& rows) : rows_(rows) {}

  void OnAdmitted() override { admitted.set_value(); }
  void OnToken(uint32_t token, bool wants_row) override {
    tokens.push_back(token);
    if (!wants_row || !answers) return;
    const std::vector<int32_t> id = {static_cast<int32_t>(token)};
    EXPECT_TRUE(session->AddRow(rows_.Expand(id)));
  }
  void OnHiddenState(std::span<const float>) override { ++states; }
  void OnEnd(Result<GenerationSummary> summary) override {
    end.set_value(std::move(summary));
  }

  std::shared_ptr<Session> session;
  bool answers = true;
  std::vector<uint32_t> tokens;
  int states = 0;
  std::promise<void> admitted;
  std::promise<Result<GenerationSummary>> end;

 private:
  const TableRows& rows_;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.threads = 1;
    options_.allow_whole_model = true;
  }

  void LoadLlama() {
    ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "m", {}));
    Load();
  }
  void Load() {
    rows_ = std::make_unique<TableRows>(*TableRows::Open(folder_ / "m"));
    auto engine = Engine::Load(folder_ / "m", options_);
    ASSERT_TRUE(engine) << engine.error().message();
    engine_ = *std::move(engine);
  }
  std::shared_ptr<Recorder> Open() {
    auto recorder = std::make_shared<Recorder>(*rows_);
    auto session = engine_->Open(recorder);
    EXPECT_TRUE(session);
    recorder->session = *session;
    return recorder;
  }
  std::shared_ptr<Recorder> Run(const std::vector<int32_t>& prompt,
                                uint32_t max_tokens) {
    auto recorder = Open();
    recorder->admitted.get_future().wait();
    EXPECT_TRUE(recorder->session->Begin({.max_tokens = max_tokens}));
    EXPECT_TRUE(recorder->session->AddPrompt(rows_->Expand(prompt)));
    EXPECT_TRUE(recorder->session->FinishPrompt());
    return recorder;
  }
  static std::vector<int32_t> Tokens(int count, int seed) {
    std::vector<int32_t> tokens;
    tokens.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) tokens.push_back((i * 37 + seed) % 400);
    return tokens;
  }
  const cmif::testing::TempFolder folder_;
  EngineOptions options_;
  std::unique_ptr<TableRows> rows_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, WholeModelIsRefusedUnlessAllowed) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "m", {}));
  options_.allow_whole_model = false;
  const auto engine = Engine::Load(folder_ / "m", options_);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(engine.error().message(), HasSubstr("cmif split"));
}

TEST_F(EngineTest, WhatIsNoBodyIsRefused) {
  EXPECT_EQ(Engine::Load(folder_ / "none", options_).error().code(),
            Code::kNotFound);
  std::ofstream(folder_ / "m") << "not a model";
  EXPECT_EQ(Engine::Load(folder_ / "m", options_).error().code(),
            Code::kDataLoss);
}

TEST_F(EngineTest, EveryTruncationOfABodyIsRefused) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "m", {.layers = 1}));
  const auto size = fs::file_size(folder_ / "m");
  for (uintmax_t left = size - 32; left > 0; left /= 2) {
    fs::resize_file(folder_ / "m", left);
    EXPECT_EQ(Engine::Load(folder_ / "m", options_).error().code(),
              Code::kDataLoss)
        << left;
  }
}

TEST_F(EngineTest, OptionsOutOfRangeAreRefused) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "m", {}));
  const auto code = [&](auto change) {
    EngineOptions options = options_;
    change(options);
    const auto engine = Engine::Load(folder_ / "m", options);
    return engine ? Code::kOk : engine.error().code();
  };
  EXPECT_EQ(code([](auto&) {}), Code::kOk);
  EXPECT_EQ(code([](auto& o) { o.threads = -1; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.threads = 100000; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.sessions = 0; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.sessions = 257; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.session_tokens = 0; }),
            Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.batch_rows = 4; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.batch_rows = 1U << 31; }),
            Code::kInvalidArgument);
}

TEST_F(EngineTest, LayersForAGpuThatIsNotThereAreRefused) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "m", {}));
  for (const int layers : {-1, 2}) {
    options_.gpu_layers = layers;
    const auto engine = Engine::Load(folder_ / "m", options_);
    if (engine) GTEST_SKIP() << "this machine has a GPU";
    EXPECT_EQ(engine.error().code(), Code::kUnimplemented);
  }
}

TEST_F(EngineTest, InfoTellsTheModel) {
  LoadLlama();
  EXPECT_EQ(engine_->info().body.architecture, "llama");
  EXPECT_EQ(engine_->info().body.row_type, "f32");
  EXPECT_EQ(engine_->info().body.row_width, 64U);
  EXPECT_EQ(engine_->info().max_tokens, 512U) << "cut to the training context";
  EXPECT_EQ(engine_->info().max_sessions, 8U);
}

TEST_F(EngineTest, GeneratesWhatPlainLlamaGenerates) {
  options_.batch_rows = 32;  // prompts of several chunks
  LoadLlama();
  const auto recorder = Run(Tokens(100, 3), 30);
  const auto end = recorder->end.get_future().get();
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_EQ(end->reason, EndReason::kMaxTokens);
  EXPECT_EQ(end->prompt_tokens, 100U);
  EXPECT_EQ(end->tokens, 30U);
  const auto plain =
      PlainLlama::Load(folder_ / "m", {.context = 512, .batch = 32});
  EXPECT_EQ(recorder->tokens, plain.value()->Greedy(Tokens(100, 3), 30));
}

// Whole batches that are there before the prompt's end is known.
TEST_F(EngineTest, PromptOfWholeBatchesInPartsIsThePrompt) {
  options_.batch_rows = 32;
  LoadLlama();
  const auto prompt = Tokens(64, 3);
  const auto recorder = Open();
  recorder->admitted.get_future().wait();
  ASSERT_TRUE(recorder->session->Begin({.max_tokens = 5}));
  for (size_t part = 0; part < 2; ++part) {
    ASSERT_TRUE(recorder->session->AddPrompt(
        rows_->Expand(std::span(prompt).subspan(part * 32, 32))));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(recorder->session->FinishPrompt());
  ASSERT_TRUE(recorder->end.get_future().get());
  const auto plain =
      PlainLlama::Load(folder_ / "m", {.context = 512, .batch = 32});
  EXPECT_EQ(recorder->tokens, plain.value()->Greedy(prompt, 5));
}

TEST_F(EngineTest, PromptsBesideGenerationGiveTheSameTokens) {
  options_.batch_rows = 64;
  options_.mixed_chunk_rows = 16;
  LoadLlama();
  std::vector<std::shared_ptr<Recorder>> recorders;
  recorders.reserve(6);
  for (int i = 0; i < 6; ++i) {
    recorders.push_back(Run(Tokens(150 + i, i), 40));
  }
  const auto plain =
      PlainLlama::Load(folder_ / "m", {.context = 512, .batch = 64});
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(recorders[i]->end.get_future().get());
    EXPECT_EQ(recorders[i]->tokens,
              plain.value()->Greedy(Tokens(150 + i, i), 40));
  }
}

TEST_F(EngineTest, CallsOutOfOrderAreRefused) {
  LoadLlama();
  const auto recorder = Open();
  recorder->answers = false;
  Session& session = *recorder->session;
  recorder->admitted.get_future().wait();
  const auto row = rows_->Expand(Tokens(1, 1));
  EXPECT_EQ(session.AddPrompt(row).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(session.AddRow(row).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(session.CloseRows().error().code(), Code::kInvalidArgument);
  ASSERT_TRUE(session.Begin({.max_tokens = 5}));
  EXPECT_EQ(session.Begin({.max_tokens = 5}).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(session.FinishPrompt().error().code(), Code::kInvalidArgument);
  EXPECT_EQ(session.AddPrompt(std::vector<float>(63)).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      session.AddPrompt(std::vector<float>(size_t{64} * 513)).error().code(),
      Code::kInvalidArgument);
  ASSERT_TRUE(session.AddPrompt(row));
  ASSERT_TRUE(session.FinishPrompt());
  EXPECT_FALSE(session.FinishPrompt());
  EXPECT_FALSE(session.AddPrompt(row));
  session.Cancel();
  EXPECT_EQ(recorder->end.get_future().get().error().code(), Code::kCancelled);
  EXPECT_EQ(session.AddRow(row).error().code(), Code::kAborted);
  session.Cancel();
}

TEST_F(EngineTest, CancelInAPromptEndsAtOnce) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(
      folder_ / "m", {.width = 256, .layers = 24, .context = 4096}));
  options_.session_tokens = 4096;
  options_.sessions = 1;
  options_.batch_rows = 4096;
  Load();
  const auto recorder = Run(Tokens(4000, 3), 5);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  recorder->session->Cancel();
  EXPECT_FALSE(recorder->end.get_future().get());
  EXPECT_TRUE(recorder->tokens.empty());
  // The place can be used again.
  EXPECT_TRUE(Run(Tokens(10, 3), 2)->end.get_future().get());
}

TEST_F(EngineTest, StoppingEndsSessionsWithUnavailable) {
  options_.sessions = 1;
  LoadLlama();
  const auto waits_for_row = Open();
  waits_for_row->admitted.get_future().wait();
  const auto queued = Open();
  engine_.reset();
  EXPECT_EQ(waits_for_row->end.get_future().get().error().code(),
            Code::kUnavailable);
  EXPECT_EQ(queued->end.get_future().get().error().code(), Code::kUnavailable);
}

TEST_F(EngineTest, ModelThatGivesNaNFailsTheSessionOnly) {
  LoadLlama();
  const auto bad = Open();
  bad->admitted.get_future().wait();
  ASSERT_TRUE(bad->session->Begin({.max_tokens = 5}));
  ASSERT_TRUE(bad->session->AddPrompt(std::vector<float>(
      size_t{64} * 4, std::numeric_limits<float>::quiet_NaN())));
  ASSERT_TRUE(bad->session->FinishPrompt());
  EXPECT_EQ(bad->end.get_future().get().error().code(), Code::kInternal);
  // The place that held NaN was wiped or is out of use.
  const auto plain = PlainLlama::Load(folder_ / "m", {.context = 512});
  const auto expected = plain.value()->Greedy(Tokens(20, 1), 10);
  for (int i = 0; i < 3; ++i) {
    const auto good = Run(Tokens(20, 1), 10);
    ASSERT_TRUE(good->end.get_future().get());
    EXPECT_EQ(good->tokens, expected);
  }
}

TEST_F(EngineTest, ChunkThatGivesNaNEndsAnUnfinishedPrompt) {
  options_.batch_rows = 32;
  options_.sessions = 1;
  LoadLlama();
  const auto bad = Open();
  bad->admitted.get_future().wait();
  ASSERT_TRUE(bad->session->Begin({.max_tokens = 5}));
  // More than one call takes, so that the first chunk is computed at once.
  auto rows = rows_->Expand(Tokens(40, 1));
  rows[0] = std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE(bad->session->AddPrompt(rows));
  EXPECT_EQ(bad->end.get_future().get().error().code(), Code::kInternal);
  const auto plain = PlainLlama::Load(folder_ / "m", {.context = 512});
  const auto expected = plain.value()->Greedy(Tokens(20, 1), 10);
  const auto good = Run(Tokens(20, 1), 10);
  ASSERT_TRUE(good->end.get_future().get());
  EXPECT_EQ(good->tokens, expected);
}

TEST_F(EngineTest, ClassifierTakesNoSessions) {
  ASSERT_TRUE(model::testing::WriteTinyBert(folder_ / "m", {}));
  Load();
  EXPECT_EQ(engine_->Open(nullptr).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(engine_->info().labels, 2U);
  const auto logits = engine_->Classify(
      {.rows = rows_->Expand(Tokens(7, 1)), .lengths = {3, 4}});
  ASSERT_TRUE(logits);
  EXPECT_EQ(logits->size(), 4U);
}

TEST_F(EngineTest, BrokenSentenceDoesNotBreakItsNeighbours) {
  ASSERT_TRUE(model::testing::WriteTinyBert(folder_ / "m", {}));
  Load();
  const auto good = rows_->Expand(Tokens(5, 1));
  const auto expected = engine_->Classify({.rows = good, .lengths = {5}});
  // A long call keeps the engine busy, so that the next two share a call.
  std::promise<void> long_done;
  const auto busy = engine_->ClassifyAsync(
      {.rows = rows_->Expand(Tokens(512, 1)), .lengths = {512}},
      [&](auto) { long_done.set_value(); });
  std::promise<Result<std::vector<float>>> bad_done;
  const auto bad = engine_->ClassifyAsync(
      {.rows = std::vector<float>(size_t{64} * 5,
                                  std::numeric_limits<float>::quiet_NaN()),
       .lengths = {5}},
      [&](auto logits) { bad_done.set_value(std::move(logits)); });
  const auto neighbour = engine_->Classify({.rows = good, .lengths = {5}});
  EXPECT_EQ(bad_done.get_future().get().error().code(), Code::kInternal);
  ASSERT_TRUE(neighbour);
  EXPECT_EQ(*neighbour, *expected);
  long_done.get_future().wait();
}

TEST_F(EngineTest, GeneratorTakesNoSentences) {
  LoadLlama();
  EXPECT_EQ(engine_->Classify({}).error().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace cmif::engine
