// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/classify_call.h"

#include <fmt/format.h>

#include "cmif/attest/proof_wire.h"
#include "cmif/base/byte_reader.h"
#include "cmif/server/inference_service.h"
#include "cmif/wire/grpc_status.h"

namespace cmif::server {

ClassifyCall::ClassifyCall(InferenceService& service,
                           grpc::CallbackServerContext* context)
    : service_(service),
      breaker_(context),
      table_(service.NewTable(service.max_slots())),
      proof_(service.NewProof("Classify", *context)) {}

std::shared_ptr<ClassifyCall> ClassifyCall::Start(
    InferenceService& service, grpc::CallbackServerContext* context) {
  std::shared_ptr<ClassifyCall> call(new ClassifyCall(service, context));
  call->self_ = call;
  call->idle_since_ = Clock::now();
  call->StartRead(&call->request_);
  return call;
}

void ClassifyCall::OnReadDone(bool ok) {
  if (!ok) return FinishWith(grpc::Status::OK);
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;  // ended by EndIfStuck meanwhile
    idle_since_.reset();
  }
  const Result<void> handled = HandleRequest();
  if (!handled) FinishWith(wire::ToGrpc(handled.error()));
}

Result<engine::ClassifyBatch> ClassifyCall::TakeBatch() {
  if (request_.reset_slots()) table_.Reset();
  const v1::Rows& rows = request_.rows();
  const engine::EngineInfo& info = service_.info();
  const auto sentences = static_cast<uint64_t>(request_.lengths_size());
  const auto positions = static_cast<uint64_t>(rows.slots_size());
  if (sentences > info.max_sentences ||
      positions > uint64_t{info.max_sentences} * info.max_tokens) {
    return InvalidArgument(fmt::format(
        "a request holds {} sentences with {} positions; it may hold {} "
        "sentences of {}",
        sentences, positions, info.max_sentences, info.max_tokens));
  }
  CMIF_TRY(table_.Append(AsBytes(rows.new_rows())));
  engine::ClassifyBatch batch;
  batch.lengths = {request_.lengths().begin(), request_.lengths().end()};
  CMIF_ASSIGN(batch.rows,
              table_.Expand({rows.slots().data(),
                             static_cast<size_t>(rows.slots_size())}));
  return batch;
}

Result<void> ClassifyCall::HandleAttest() {
  if (request_.has_rows() || request_.lengths_size() > 0 ||
      request_.reset_slots()) {
    return InvalidArgument("rows and a proof are messages of their own");
  }
  CMIF_ASSIGN(const auto reply,
              proof_.Take(attest::ReadProof(request_.attest()),
                          attest::ProofClock::now()));
  if (!reply) {
    {
      const std::lock_guard lock(mutex_);
      idle_since_ = Clock::now();
    }
    StartRead(&request_);
    return {};
  }
  reply_.Clear();
  attest::WriteProof(*reply, reply_.mutable_attest());
  Write();
  return {};
}

Result<void> ClassifyCall::HandleRequest() {
  if (request_.has_attest()) return HandleAttest();
  CMIF_TRY(proof_.MayTakeRows(attest::ProofClock::now()));
  CMIF_ASSIGN(auto batch, TakeBatch());
  auto ticket = service_.engine().ClassifyAsync(
      std::move(batch), [self = self_](Result<std::vector<float>> logits) {
        self->Reply(std::move(logits));
      });
  if (!ticket) return std::unexpected(ticket.error());
  const std::lock_guard lock(mutex_);
  ticket_ = *std::move(ticket);
  if (cancelled_) ticket_->Cancel();
  return {};
}

void ClassifyCall::Reply(Result<std::vector<float>> logits) {
  if (!logits) return FinishWith(wire::ToGrpc(logits.error()));
  reply_.Clear();
  reply_.mutable_logits()->Assign(logits->begin(), logits->end());
  Write();
}

void ClassifyCall::Write() {
  {
    const std::lock_guard lock(mutex_);
    writing_since_ = Clock::now();
  }
  StartWrite(&reply_);
}

void ClassifyCall::OnWriteDone(bool ok) {
  if (!ok) return FinishWith(grpc::Status::CANCELLED);
  {
    const std::lock_guard lock(mutex_);
    writing_since_.reset();
    idle_since_ = Clock::now();
  }
  StartRead(&request_);
}

void ClassifyCall::FinishWith(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    Close(status);
  }
  Finish(status);
}

void ClassifyCall::Close(const grpc::Status& status) {
  status_ = status;
  idle_since_.reset();
  writing_since_ = Clock::now();
}

void ClassifyCall::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (ticket_) ticket_->Cancel();
}

void ClassifyCall::EndIfStuck(Clock::time_point now, const Limits& limits) {
  const grpc::Status status = wire::ToGrpc(
      {Code::kDeadlineExceeded,
       fmt::format("no request for {} s; open the stream again when needed",
                   limits.idle.count() / 1000)});
  std::unique_lock lock(mutex_);
  const bool stuck = writing_since_ && now - *writing_since_ >= limits.write;
  const bool idle = idle_since_ && now - *idle_since_ >= limits.idle;
  if (idle) Close(status);
  lock.unlock();
  if (stuck) return breaker_.Break();
  if (idle) Finish(status);
}

void ClassifyCall::OnDone() {
  breaker_.Release();
  service_.sentence_calls().Remove(this);
  if (status_) service_.LogEnd("classification", *status_);
  self_.reset();
}

}  // namespace cmif::server
