// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/generate_call.h"

#include <fmt/format.h>

#include <utility>

#include "cmif/attest/proof_wire.h"
#include "cmif/base/byte_reader.h"
#include "cmif/server/inference_service.h"
#include "cmif/wire/grpc_status.h"

namespace cmif::server {
namespace {

// Sending a message costs the engine's thread 100 to 250 us on 2 cores (the
// system call, and the client that wakes up beside it). Tokens that need no
// answer leave with the next message that does, or with the first that comes
// after this time, too short for a reader to notice.
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

v1::Done ToWire(const engine::GenerationSummary& summary) {
  v1::Done done;
  done.set_reason(ToWire(summary.reason));
  done.set_prompt_tokens(summary.prompt_tokens);
  done.set_tokens(summary.tokens);
  done.set_prompt_micros(static_cast<uint64_t>(summary.prompt_time.count()));
  done.set_decode_micros(static_cast<uint64_t>(summary.decode_time.count()));
  return done;
}

}  // namespace

GenerateCall::GenerateCall(InferenceService& service,
                           grpc::CallbackServerContext* context)
    : service_(service),
      breaker_(context),
      table_(service.NewTable(service.max_slots())),
      proof_(service.NewProof("Generate", *context)) {}

Result<std::shared_ptr<GenerateCall>> GenerateCall::Start(
    InferenceService& service, grpc::CallbackServerContext* context) {
  std::shared_ptr<GenerateCall> call(new GenerateCall(service, context));
  // Before Open(): the engine may call at once, from its thread.
  call->self_ = call;
  const std::lock_guard lock(call->mutex_);
  auto session = service.engine().Open(call);
  if (!session) {
    call->self_.reset();
    return std::unexpected(session.error());
  }
  call->session_ = *std::move(session);
  return call;
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
  if (request_.has_attest()) return HandleAttest();
  CMIF_TRY(proof_.MayTakeRows(attest::ProofClock::now()));
  if (prompt_done_) return HandleAnswer();
  if (!begun_) CMIF_TRY(HandleFirst());
  return HandlePrompt();
}

Result<void> GenerateCall::HandleAttest() {
  if (request_.has_rows() || request_.has_sampling() ||
      request_.prompt_done()) {
    return InvalidArgument("rows and a proof are messages of their own");
  }
  CMIF_ASSIGN(const auto reply,
              proof_.Take(attest::ReadProof(request_.attest()),
                          attest::ProofClock::now()));
  if (!reply) return {};
  {
    const std::lock_guard lock(mutex_);
    attest::WriteProof(*reply, gathering_.mutable_attest());
    due_ = true;
  }
  Advance();
  return {};
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
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    gathering_.add_tokens(token);
    gathering_.set_wants_row(wants_row);
    due_ |= wants_row || Clock::now() - flushed_ >= kHoldBack;
  }
  Advance();
}

void GenerateCall::OnHiddenState(std::span<const float> state) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    gathering_.set_hidden_state(state.data(), state.size_bytes());
    due_ = true;
  }
  Advance();
}

void GenerateCall::OnEnd(Result<engine::GenerationSummary> summary) {
  if (!summary) return FinishWith(wire::ToGrpc(summary.error()));
  {
    const std::lock_guard lock(mutex_);
    *gathering_.mutable_done() = ToWire(*summary);
  }
  FinishWith(grpc::Status::OK);
}

void GenerateCall::FinishWith(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    status_ = status;
  }
  Advance();
}

void GenerateCall::Advance() {
  std::unique_lock lock(mutex_);
  if (writing_since_ || finished_ || !(due_ || status_)) return;
  finished_ = status_.has_value();
  writing_since_ = Clock::now();
  const grpc::Status status = status_.value_or(grpc::Status::OK);
  if (status.ok()) {
    writing_ = std::exchange(gathering_, {});
    due_ = false;
    flushed_ = *writing_since_;
  }
  const bool last = finished_;
  // gRPC may run callbacks in here: no lock is held.
  lock.unlock();
  if (!last) return StartWrite(&writing_);
  if (!status.ok()) return Finish(status);
  StartWriteAndFinish(&writing_, {}, status);
}

void GenerateCall::EndIfStuck(Clock::time_point now, const Limits& limits) {
  {
    const std::lock_guard lock(mutex_);
    if (!writing_since_ || now - *writing_since_ < limits.write) return;
  }
  breaker_.Break();
}

void GenerateCall::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_since_.reset();
  }
  if (!ok) session_->Cancel();
  Advance();
}

void GenerateCall::OnCancel() { session_->Cancel(); }

void GenerateCall::OnDone() {
  breaker_.Release();
  service_.session_calls().Remove(this);
  session_->Cancel();
  if (status_) service_.LogEnd("generation", *status_);
  self_.reset();
}

}  // namespace cmif::server
