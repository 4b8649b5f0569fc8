// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_GENERATE_CALL_H_
#define CMIF_SERVER_GENERATE_CALL_H_

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "cmif/attest/stream_proof.h"
#include "cmif/engine/generation.h"
#include "cmif/server/live_calls.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/row_table.h"

namespace cmif::server {

class InferenceService;

// One Generate stream: between gRPC, whose threads bring requests, and the
// engine, whose thread brings events. It reads only once it has a place in the
// engine, so a waiting client's prompt stays with gRPC's flow control and costs
// the server nothing. Owned by itself until gRPC is done with it.
class GenerateCall final
    : public grpc::ServerBidiReactor<v1::GenerateRequest, v1::GenerateReply>,
      public engine::GenerationEvents,
      public LiveCall {
 public:
  // RESOURCE_EXHAUSTED, FAILED_PRECONDITION: as Engine::Open.
  static Result<std::shared_ptr<GenerateCall>> Start(
      InferenceService& service, grpc::CallbackServerContext* context);

  // gRPC's side:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // The engine's side:
  void OnAdmitted() override;
  void OnToken(uint32_t token, bool wants_row) override;
  void OnHiddenState(std::span<const float> state) override;
  void OnEnd(Result<engine::GenerationSummary> summary) override;

  void EndIfStuck(Clock::time_point now, const Limits& limits) override;

 private:
  GenerateCall(InferenceService& service, grpc::CallbackServerContext* context);

  Result<void> HandleRequest();
  Result<void> HandleAttest();
  Result<void> HandleFirst();
  Result<void> HandlePrompt();
  Result<void> HandleAnswer();
  Result<std::vector<float>> TakeRows();

  void FinishWith(const grpc::Status& status);
  // Starts the next write or the end when it is due, unless one is under way.
  void Advance();

  InferenceService& service_;
  CallBreaker breaker_;
  std::shared_ptr<GenerateCall> self_;
  std::shared_ptr<engine::Session> session_;

  // Reader's state: one read is under way at a time.
  v1::GenerateRequest request_;
  wire::RowTable table_;
  attest::ServerProof proof_;
  bool begun_ = false;
  bool prompt_done_ = false;
  uint64_t positions_ = 0;  // of the prompt

  std::mutex mutex_;             // guards what follows
  v1::GenerateReply gathering_;  // what goes out next
  bool due_ = false;             // it may not wait any longer
  v1::GenerateReply writing_;
  // Set while the client has yet to take a reply, or the end of the call.
  std::optional<Clock::time_point> writing_since_;
  Clock::time_point flushed_;
  std::optional<grpc::Status> status_;
  bool finished_ = false;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_GENERATE_CALL_H_
