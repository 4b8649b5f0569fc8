// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_CLASSIFY_CALL_H_
#define CMIF_SERVER_CLASSIFY_CALL_H_

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cmif/attest/stream_proof.h"
#include "cmif/engine/engine.h"
#include "cmif/server/live_calls.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/row_table.h"

namespace cmif::server {

class InferenceService;

// One Classify stream. While the engine computes a request the next one is read
// and handed over, so that the engine need not wait for the network; beyond
// that nothing is read until an answer has gone out, so that a client cannot
// pile up work. Answers leave in the order of the requests. Owned by itself
// until gRPC is done with it.
class ClassifyCall final
    : public grpc::ServerBidiReactor<v1::ClassifyRequest, v1::ClassifyReply>,
      public LiveCall {
 public:
  static std::shared_ptr<ClassifyCall> Start(
      InferenceService& service, grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void EndIfStuck(Clock::time_point now, const Limits& limits) override;

 private:
  // To one request; empty until it is known.
  struct Answer {
    std::optional<Result<v1::ClassifyReply>> reply;
    std::shared_ptr<engine::ClassifyLoop::Ticket> ticket;
  };
  using AnswerPtr = std::shared_ptr<Answer>;

  ClassifyCall(InferenceService& service, grpc::CallbackServerContext* context);
  Result<engine::ClassifyBatch> TakeBatch();
  // Asks the engine, which will settle the answer.
  Result<void> Classify();
  // The reply, if the client is owed one.
  Result<std::optional<v1::ClassifyReply>> TakeAttest();
  Result<void> HandleRequest();
  void Settle(Answer& answer, Result<v1::ClassifyReply> reply);
  // Sends the oldest answer if it is known; ends the stream after the last.
  void SendOldest();
  // Reads on if there is room. On gRPC's own threads alone, within a callback:
  // it keeps the call alive until that returns.
  void ReadOn();
  // With mutex_ locked by `lock`, which it gives up.
  void FinishWith(const grpc::Status& status,
                  std::unique_lock<std::mutex> lock);
  // With mutex_ held: the engine need not compute what is owed.
  void CancelOwed();
  // With mutex_ held: nothing but Finish() may follow.
  void Close(const grpc::Status& status);

  InferenceService& service_;
  CallBreaker breaker_;
  std::shared_ptr<ClassifyCall> self_;
  v1::ClassifyRequest request_;
  v1::ClassifyReply reply_;
  wire::RowTable table_;
  attest::ServerProof proof_;

  std::mutex mutex_;               // guards what follows
  std::deque<AnswerPtr> answers_;  // owed, in order
  // Taken: a request has come and is being handed over; request_ is in use.
  enum class Reading { kNo, kYes, kTaken };
  Reading reading_ = Reading::kNo;
  bool read_all_ = false;  // the client sends nothing more, or nothing valid
  bool cancelled_ = false;
  std::optional<grpc::Status> status_;
  // Set while the client owes a request, or has yet to take what is sent.
  std::optional<Clock::time_point> idle_since_;
  std::optional<Clock::time_point> writing_since_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_CLASSIFY_CALL_H_
