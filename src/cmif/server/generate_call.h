// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_GENERATE_CALL_H_
#define CMIF_SERVER_GENERATE_CALL_H_

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "cmif/engine/generation.h"
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
      public engine::GenerationEvents {
 public:
  // RESOURCE_EXHAUSTED, FAILED_PRECONDITION: as Engine::Open.
  static Result<GenerateCall*> Start(InferenceService& service);

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

 private:
  explicit GenerateCall(InferenceService& service);

  Result<void> HandleRequest();
  Result<void> HandleFirst();
  Result<void> HandlePrompt();
  Result<void> HandleAnswer();
  Result<std::vector<float>> TakeRows();

  void Send(v1::GenerateReply reply);
  void FinishWith(const grpc::Status& status);
  // Starts the next write or the end, unless one is under way.
  void Advance();
  // True when `writing_` may stay in gRPC's buffer for a moment.
  bool MayWait();

  InferenceService& service_;
  std::shared_ptr<GenerateCall> self_;
  std::shared_ptr<engine::Session> session_;

  // Reader's state: one read is under way at a time.
  v1::GenerateRequest request_;
  wire::RowTable table_;
  bool begun_ = false;
  bool prompt_done_ = false;
  uint64_t positions_ = 0;  // of the prompt

  std::mutex mutex_;  // guards what follows
  std::deque<v1::GenerateReply> replies_;
  v1::GenerateReply writing_;
  bool write_under_way_ = false;
  std::chrono::steady_clock::time_point flushed_;
  std::optional<grpc::Status> status_;
  bool finished_ = false;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_GENERATE_CALL_H_
