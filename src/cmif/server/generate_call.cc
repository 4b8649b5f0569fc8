// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/generate_call.h"

#include <fmt/format.h>

#include "cmif/base/byte_reader.h"
#include "cmif/server/inference_service.h"
#include "cmif/wire/grpc_status.h"

namespace cmif::server {
namespace {

// Sending a message costs the engine's thread 100 to 250 us on 2 cores (the
// system call, and the client that wakes up beside it). Tokens that need no
// answer leave with the next message that does, or after this time, too short
// for a reader to notice.
constexpr std::chrono::milliseconds kHoldBack{25};

v1::Done::Reason ToWire(engine::EndReason reason) {
  switch (reason) {
    case engine::EndReason::kStopToken:
      return v1::Done::STOP;
    case engine::EndReason::kMaxTokens:
      return v1::Done::MAX_TOKENS;
    case engine::EndReason::kContextFull:
      return v1::Done::CONTEXT_FULL;
    case engine::EndReason::kClosed:
      return v1::Done::CLIENT_CLOSED;
  }
  return v1::Done::UNSPECIFIED;
}

v1::GenerateReply DoneReply(const engine::GenerationSummary& summary) {
  v1::GenerateReply reply;
  v1::Done& done = *reply.mutable_done();
  done.set_reason(ToWire(summary.reason));
  done.set_prompt_tokens(summary.prompt_tokens);
  done.set_tokens(summary.tokens);
  done.set_prompt_micros(static_cast<uint64_t>(summary.prompt_time.count()));
  done.set_decode_micros(static_cast<uint64_t>(summary.decode_time.count()));
  return reply;
}

}  // namespace

GenerateCall::GenerateCall(InferenceService& service)
    : service_(service), table_(service.NewTable(service.max_slots())) {}

Result<GenerateCall*> GenerateCall::Start(InferenceService& service) {
  std::shared_ptr<GenerateCall> call(new GenerateCall(service));
  // Before Open(): the engine may call at once, from its thread.
  call->self_ = call;
  const std::lock_guard lock(call->mutex_);
  auto session = service.engine().Open(call);
  if (!session) {
    call->self_.reset();
    return std::unexpected(session.error());
  }
  call->session_ = *std::move(session);
  return call.get();
}

void GenerateCall::OnAdmitted() { StartRead(&request_); }

void GenerateCall::OnReadDone(bool ok) {
  const Result<void> handled = ok ? HandleRequest() : session_->CloseRows();
  if (!handled) {
    // ABORTED: the session has ended already, and OnEnd() says why.
    if (handled.error().code() == Code::kAborted) return;
    FinishWith(wire::ToGrpc(handled.error()));
    session_->Cancel();
    return;
  }
  if (ok) StartRead(&request_);
}

Result<void> GenerateCall::HandleRequest() {
  if (prompt_done_) return HandleAnswer();
  if (!begun_) CMIF_TRY(HandleFirst());
  return HandlePrompt();
}

Result<void> GenerateCall::HandleFirst() {
  if (!request_.has_sampling()) {
    return InvalidArgument("the first message must carry sampling");
  }
  begun_ = true;
  const v1::Sampling& sampling = request_.sampling();
  return session_->Begin({.temperature = sampling.temperature(),
                          .top_p = sampling.top_p(),
                          .seed = sampling.seed(),
                          .max_tokens = sampling.max_tokens(),
                          .stop_tokens = {sampling.stop_tokens().begin(),
                                          sampling.stop_tokens().end()}});
}

Result<void> GenerateCall::HandlePrompt() {
  positions_ += static_cast<uint64_t>(request_.rows().slots_size());
  const uint32_t limit = service_.info().max_tokens;
  if (positions_ > limit) {
    return InvalidArgument(fmt::format(
        "the prompt has {} tokens, but this server takes {} for prompt and "
        "answer together; shorten it",
        positions_, limit));
  }
  CMIF_ASSIGN(auto rows, TakeRows());
  if (!rows.empty()) CMIF_TRY(session_->AddPrompt(std::move(rows)));
  if (!request_.prompt_done()) return {};
  prompt_done_ = true;
  return session_->FinishPrompt();
}

Result<void> GenerateCall::HandleAnswer() {
  if (request_.rows().slots_size() != 1) {
    return InvalidArgument(
        fmt::format("an answer must have exactly one position, not {}",
                    request_.rows().slots_size()));
  }
  CMIF_ASSIGN(auto row, TakeRows());
  return session_->AddRow(std::move(row));
}

Result<std::vector<float>> GenerateCall::TakeRows() {
  const v1::Rows& rows = request_.rows();
  CMIF_TRY(table_.Append(AsBytes(rows.new_rows())));
  return table_.Expand(
      {rows.slots().data(), static_cast<size_t>(rows.slots_size())});
}

void GenerateCall::OnToken(uint32_t token, bool wants_row) {
  v1::GenerateReply reply;
  reply.mutable_token()->set_id(token);
  reply.mutable_token()->set_wants_row(wants_row);
  Send(std::move(reply));
}

void GenerateCall::OnHiddenState(std::span<const float> state) {
  v1::GenerateReply reply;
  reply.set_hidden_state(state.data(), state.size_bytes());
  Send(std::move(reply));
}

void GenerateCall::OnEnd(Result<engine::GenerationSummary> summary) {
  if (summary) {
    Send(DoneReply(*summary));
    FinishWith(grpc::Status::OK);
  } else {
    FinishWith(wire::ToGrpc(summary.error()));
  }
}

void GenerateCall::Send(v1::GenerateReply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    replies_.push_back(std::move(reply));
  }
  Advance();
}

void GenerateCall::FinishWith(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    status_ = status;
    if (!status.ok()) replies_.clear();
  }
  Advance();
}

void GenerateCall::Advance() {
  std::unique_lock lock(mutex_);
  if (write_under_way_ || finished_) return;
  if (replies_.empty() && !status_) return;
  const bool last = status_ && replies_.size() <= 1;
  const grpc::Status status = status_.value_or(grpc::Status::OK);
  finished_ = last;
  if (replies_.empty()) {
    lock.unlock();
    Finish(status);
    return;
  }
  write_under_way_ = true;
  writing_ = std::move(replies_.front());
  replies_.pop_front();
  grpc::WriteOptions options;
  if (!last && MayWait()) options.set_buffer_hint();
  lock.unlock();
  // gRPC may run callbacks in here: no lock is held.
  if (last) {
    StartWriteAndFinish(&writing_, options, status);
  } else {
    StartWrite(&writing_, options);
  }
}

bool GenerateCall::MayWait() {
  const auto now = std::chrono::steady_clock::now();
  const bool needs_answer =
      !writing_.has_token() || writing_.token().wants_row();
  if (!needs_answer && now - flushed_ < kHoldBack) return true;
  flushed_ = now;
  return false;
}

void GenerateCall::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    write_under_way_ = false;
    if (!ok) replies_.clear();
  }
  if (!ok) session_->Cancel();
  Advance();
}

void GenerateCall::OnCancel() { session_->Cancel(); }

void GenerateCall::OnDone() {
  session_->Cancel();
  if (status_) service_.LogEnd("generation", *status_);
  self_.reset();
}

}  // namespace cmif::server
