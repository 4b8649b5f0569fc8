// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/engine.h"

#include <fmt/format.h>

#include <future>

#include "cmif/base/parallel.h"

namespace cmif::engine {
namespace {

RunnerOptions ForRunner(const EngineOptions& options, const BodyInfo& body) {
  return {.threads = options.threads == 0 ? HardwareThreads() : options.threads,
          .sequences = body.classifier ? ClassifyLoopOptions().call_sentences
                                       : options.sessions,
          .sequence_tokens = options.session_tokens,
          .batch_rows = options.batch_rows,
          .gpu_layers = options.gpu_layers,
          .hidden_states = body.hidden_states(),
          .classifier = body.classifier};
}

Result<void> CheckRunner(const LlamaRunner& runner, const BodyInfo& body) {
  if (runner.width() != body.row_width) {
    return DataLoss(fmt::format("the body takes rows of {} values but says {}",
                                runner.width(), body.row_width));
  }
  if (body.classifier && runner.labels() == 0) {
    return DataLoss("the body is a classifier without labels");
  }
  const bool tokens_out = !body.classifier && !body.hidden_states();
  if (tokens_out && runner.vocabulary() != body.vocabulary) {
    return DataLoss(fmt::format("the body's head has {} tokens but says {}",
                                runner.vocabulary(), body.vocabulary));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Load(const std::filesystem::path& body,
                                             const EngineOptions& options) {
  std::unique_ptr<Engine> engine(new Engine());
  EngineInfo& info = engine->info_;
  CMIF_ASSIGN(info.body, ReadBodyInfo(body, options.allow_whole_model));
  if (options.batch_rows < options.sessions || options.mixed_chunk_rows < 1) {
    return InvalidArgument(
        "a batch must have room for one row of each session, and a prompt "
        "chunk at least one row");
  }
  CMIF_ASSIGN(auto runner,
              LlamaRunner::Load(body, ForRunner(options, info.body)));
  CMIF_TRY(CheckRunner(*runner, info.body));
  info.max_tokens = runner->sequence_tokens();
  info.labels = runner->labels();
  if (info.body.classifier) {
    const ClassifyLoopOptions loop{.call_rows = options.batch_rows};
    info.max_sentences = loop.batch_sentences;
    engine->classify_ = std::make_unique<ClassifyLoop>(std::move(runner), loop);
    return engine;
  }
  info.max_sessions = options.sessions;
  engine->generate_ = std::make_unique<GenerateLoop>(
      std::move(runner),
      GenerateLoopOptions{
          .sessions = options.sessions,
          .waiting_sessions = options.waiting_sessions,
          .mixed_chunk_rows = options.mixed_chunk_rows,
          .vocabulary = info.body.vocabulary,
          .hidden_states = info.body.hidden_states(),
          .idle_timeout = options.idle_timeout,
          .crowded_idle_timeout = options.crowded_idle_timeout});
  return engine;
}

Engine::~Engine() = default;

Result<std::shared_ptr<Session>> Engine::Open(
    std::shared_ptr<GenerationEvents> events) {
  if (!generate_) {
    return FailedPrecondition("this model classifies; it does not generate");
  }
  return generate_->Open(std::move(events));
}

Result<std::shared_ptr<ClassifyLoop::Ticket>> Engine::ClassifyAsync(
    ClassifyBatch batch, ClassifyDone done) {
  if (!classify_) {
    return FailedPrecondition("this model generates; it does not classify");
  }
  return classify_->Add(std::move(batch), std::move(done));
}

Result<std::vector<float>> Engine::Classify(ClassifyBatch batch) {
  std::promise<Result<std::vector<float>>> promise;
  auto future = promise.get_future();
  const auto ticket = ClassifyAsync(
      std::move(batch), [&promise](Result<std::vector<float>> logits) {
        promise.set_value(std::move(logits));
      });
  if (!ticket) return std::unexpected(ticket.error());
  return future.get();
}

GenerateLoop::Load Engine::load() const {
  return generate_ ? generate_->load() : GenerateLoop::Load{};
}

}  // namespace cmif::engine
