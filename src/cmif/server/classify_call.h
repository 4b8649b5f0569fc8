// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_CLASSIFY_CALL_H_
#define CMIF_SERVER_CLASSIFY_CALL_H_

#include <chrono>
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

// One Classify stream: reads a request, waits for the engine, writes the reply,
// and only then reads on, so that a client cannot pile up work. Owned by itself
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
  ClassifyCall(InferenceService& service, grpc::CallbackServerContext* context);
  Result<engine::ClassifyBatch> TakeBatch();
  Result<void> HandleAttest();
  Result<void> HandleRequest();
  void Reply(Result<std::vector<float>> logits);
  // Sends reply_.
  void Write();
  void FinishWith(const grpc::Status& status);
  // With mutex_ held: nothing but Finish() may follow.
  void Close(const grpc::Status& status);

  InferenceService& service_;
  CallBreaker breaker_;
  std::shared_ptr<ClassifyCall> self_;
  v1::ClassifyRequest request_;
  v1::ClassifyReply reply_;
  wire::RowTable table_;
  attest::ServerProof proof_;

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<engine::ClassifyLoop::Ticket> ticket_;
  bool cancelled_ = false;
  std::optional<grpc::Status> status_;
  // Set while the client owes a request, or has yet to take what is sent.
  std::optional<Clock::time_point> idle_since_;
  std::optional<Clock::time_point> writing_since_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_CLASSIFY_CALL_H_
