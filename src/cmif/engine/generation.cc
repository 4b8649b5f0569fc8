// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/generation.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/engine/generate_loop.h"

namespace cmif::engine {

constexpr size_t kMaxStopTokens = 256;

uint32_t Session::width() const { return loop_.runner_->width(); }

Result<void> Session::CheckPhase(Phase phase, const char* what) const {
  if (phase_ == phase) return {};
  if (phase_ == Phase::kEnded) {
    return cmif::Fail(Code::kAborted, "the session has ended");
  }
  return FailedPrecondition(
      fmt::format("{} came when it was not asked for", what));
}

Result<void> Session::Begin(GenerationOptions options) {
  CMIF_ASSIGN(auto sampler,
              model::TokenSampler::Create(options.temperature, options.top_p,
                                          options.seed));
  if (options.max_tokens < 1) {
    return InvalidArgument("max_tokens must be at least 1");
  }
  if (options.stop_tokens.size() > kMaxStopTokens) {
    return InvalidArgument(fmt::format("{} stop tokens; at most {} are allowed",
                                       options.stop_tokens.size(),
                                       kMaxStopTokens));
  }
  const uint32_t vocabulary = loop_.vocabulary_;
  for (const uint32_t token : options.stop_tokens) {
    if (token >= vocabulary) {
      return InvalidArgument(fmt::format(
          "a stop token is outside of the vocabulary of {}", vocabulary));
    }
  }
  const std::lock_guard lock(loop_.mutex_);
  CMIF_TRY(CheckPhase(Phase::kPrompt, "sampling"));
  if (sampler_) return FailedPrecondition("sampling came twice");
  sampler_ = std::make_unique<model::TokenSampler>(std::move(sampler));
  max_tokens_ = options.max_tokens;
  stop_tokens_.insert(options.stop_tokens.begin(), options.stop_tokens.end());
  active_ = std::chrono::steady_clock::now();
  return {};
}

Result<void> Session::AddPrompt(std::vector<float> rows) {
  if (rows.size() % width() != 0) {
    return InvalidArgument("a prompt must hold whole rows");
  }
  const std::lock_guard lock(loop_.mutex_);
  CMIF_TRY(CheckPhase(Phase::kPrompt, "a prompt row"));
  if (!sampler_) return FailedPrecondition("sampling must come first");
  if (prompt_done_) return FailedPrecondition("the prompt is finished");
  const size_t total = prompt_rows() + rows.size() / width();
  const uint32_t limit = loop_.runner_->sequence_tokens();
  if (total > limit) {
    return InvalidArgument(fmt::format(
        "the prompt has {} tokens, but a session may take {}; shorten it or "
        "ask the operator for a larger --tokens",
        total, limit));
  }
  if (prompt_.empty()) {
    prompt_ = std::move(rows);
  } else {
    prompt_.insert(prompt_.end(), rows.begin(), rows.end());
  }
  active_ = std::chrono::steady_clock::now();
  if (loop_.HasChunk(*this)) loop_.changed_.notify_one();
  return {};
}

Result<void> Session::FinishPrompt() {
  const std::lock_guard lock(loop_.mutex_);
  CMIF_TRY(CheckPhase(Phase::kPrompt, "the prompt's end"));
  if (prompt_done_) return FailedPrecondition("the prompt is finished");
  if (prompt_.empty()) return InvalidArgument("the prompt is empty");
  prompt_done_ = true;
  summary_.prompt_tokens = static_cast<uint32_t>(prompt_rows());
  active_ = std::chrono::steady_clock::now();
  loop_.changed_.notify_one();
  return {};
}

Result<void> Session::AddRow(std::vector<float> row) {
  if (row.size() != width()) {
    return InvalidArgument("an answer must hold exactly one row");
  }
  const std::lock_guard lock(loop_.mutex_);
  CMIF_TRY(CheckPhase(Phase::kWantsRow, "a row"));
  if (!loop_.hidden_states_) known_rows_[last_token_] = row;
  next_row_ = std::move(row);
  phase_ = Phase::kReady;
  fresh_ = false;
  active_ = std::chrono::steady_clock::now();
  loop_.changed_.notify_one();
  return {};
}

Result<void> Session::CloseRows() {
  const std::lock_guard lock(loop_.mutex_);
  if (phase_ == Phase::kEnded) return CheckPhase(Phase::kReady, "");
  if (!prompt_done_) {
    return InvalidArgument("the stream was closed before the prompt's end");
  }
  rows_closed_ = true;
  if (phase_ == Phase::kWantsRow) loop_.Finish(*this, EndReason::kClosed);
  loop_.changed_.notify_one();
  return {};
}

void Session::Cancel() {
  const std::lock_guard lock(loop_.mutex_);
  loop_.Fail(*this, Status(Code::kCancelled, "the session was cancelled"));
  loop_.changed_.notify_one();
}

}  // namespace cmif::engine
