// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/classify_call.h"

#include <fmt/format.h>

#include <utility>

#include "cmif/attest/proof_wire.h"
#include "cmif/base/byte_reader.h"
#include "cmif/server/inference_service.h"
#include "cmif/wire/grpc_status.h"

namespace cmif::server {
namespace {

// Requests of a stream that are being computed, or wait for it.
constexpr size_t kMaxOwed = 2;

}  // namespace

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
  call->ReadOn();
  return call;
}

void ClassifyCall::OnReadDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return;  // ended by EndIfStuck meanwhile
    reading_ = Reading::kTaken;
    if (!ok) read_all_ = true;
    idle_since_.reset();
  }
  const Result<void> handled = ok ? HandleRequest() : Result<void>();
  {
    const std::lock_guard lock(mutex_);
    reading_ = Reading::kNo;
    if (!handled) {  // after the answers that are owed already
      read_all_ = true;
      answers_.push_back(std::make_shared<Answer>(
          Answer{std::unexpected(handled.error()), nullptr}));
    }
  }
  SendOldest();
  ReadOn();
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

Result<std::optional<v1::ClassifyReply>> ClassifyCall::TakeAttest() {
  if (request_.has_rows() || request_.lengths_size() > 0 ||
      request_.reset_slots()) {
    return InvalidArgument("rows and a proof are messages of their own");
  }
  CMIF_ASSIGN(const auto proof,
              proof_.Take(attest::ReadProof(request_.attest()),
                          attest::ProofClock::now()));
  if (!proof) return std::nullopt;
  v1::ClassifyReply reply;
  attest::WriteProof(*proof, reply.mutable_attest());
  return reply;
}

Result<void> ClassifyCall::Classify() {
  CMIF_TRY(proof_.MayTakeRows(attest::ProofClock::now()));
  CMIF_ASSIGN(auto batch, TakeBatch());
  auto answer = std::make_shared<Answer>();
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(answer);
  }
  auto ticket = service_.engine().ClassifyAsync(
      std::move(batch),
      [self = self_, answer](Result<std::vector<float>> logits) {
        if (!logits) {
          self->Settle(*answer, std::unexpected(logits.error()));
        } else {
          v1::ClassifyReply reply;
          reply.mutable_logits()->Assign(logits->begin(), logits->end());
          self->Settle(*answer, std::move(reply));
        }
        self->SendOldest();
      });
  if (!ticket) {
    Settle(*answer, std::unexpected(ticket.error()));
    return {};
  }
  const std::lock_guard lock(mutex_);
  answer->ticket = *std::move(ticket);
  if (cancelled_ || status_) answer->ticket->Cancel();
  return {};
}

Result<void> ClassifyCall::HandleRequest() {
  if (!request_.has_attest()) return Classify();
  CMIF_ASSIGN(auto reply, TakeAttest());
  if (!reply) return {};
  const std::lock_guard lock(mutex_);
  answers_.push_back(
      std::make_shared<Answer>(Answer{*std::move(reply), nullptr}));
  return {};
}

void ClassifyCall::Settle(Answer& answer, Result<v1::ClassifyReply> reply) {
  const std::lock_guard lock(mutex_);
  if (!reply) read_all_ = true;
  answer.reply = std::move(reply);
}

void ClassifyCall::SendOldest() {
  std::unique_lock lock(mutex_);
  if (status_ || writing_since_) return;
  if (answers_.empty()) {
    if (!read_all_ || reading_ == Reading::kTaken) return;
    return FinishWith(grpc::Status::OK, std::move(lock));
  }
  std::optional<Result<v1::ClassifyReply>>& oldest = answers_.front()->reply;
  if (!oldest) return;
  Result<v1::ClassifyReply> reply = *std::move(oldest);
  answers_.pop_front();
  if (!reply) return FinishWith(wire::ToGrpc(reply.error()), std::move(lock));
  reply_ = *std::move(reply);
  writing_since_ = Clock::now();
  lock.unlock();
  StartWrite(&reply_);
}

void ClassifyCall::ReadOn() {
  {
    const std::lock_guard lock(mutex_);
    const size_t owed = answers_.size() + (writing_since_ ? 1 : 0);
    // OnReadDone() reads on itself when it is through with a request.
    if (status_ || read_all_ || reading_ == Reading::kTaken) return;
    if (reading_ == Reading::kNo && owed >= kMaxOwed) return;
    if (owed == 0) idle_since_ = Clock::now();
    if (std::exchange(reading_, Reading::kYes) == Reading::kYes) return;
  }
  StartRead(&request_);
}

void ClassifyCall::OnWriteDone(bool ok) {
  {
    std::unique_lock lock(mutex_);
    if (!ok) return FinishWith(grpc::Status::CANCELLED, std::move(lock));
    writing_since_.reset();
  }
  SendOldest();
  ReadOn();
}

void ClassifyCall::FinishWith(const grpc::Status& status,
                              std::unique_lock<std::mutex> lock) {
  if (status_) return;
  Close(status);
  lock.unlock();
  Finish(status);
}

void ClassifyCall::Close(const grpc::Status& status) {
  status_ = status;
  CancelOwed();
  idle_since_.reset();
  writing_since_ = Clock::now();
}

void ClassifyCall::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  CancelOwed();
}

void ClassifyCall::CancelOwed() {
  for (const AnswerPtr& answer : answers_) {
    if (answer->ticket) answer->ticket->Cancel();
  }
}

void ClassifyCall::EndIfStuck(Clock::time_point now, const Limits& limits) {
  const grpc::Status status = wire::ToGrpc(
      {Code::kDeadlineExceeded,
       fmt::format("no request for {} s; open the stream again when needed",
                   limits.idle.count() / 1000)});
  std::unique_lock lock(mutex_);
  const bool stuck = writing_since_ && now - *writing_since_ >= limits.write;
  const bool idle = !stuck && idle_since_ && now - *idle_since_ >= limits.idle;
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
