// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_INFERENCE_SERVICE_H_
#define CMIF_SERVER_INFERENCE_SERVICE_H_

#include <memory>
#include <mutex>

#include "cmif/attest/stream_proof.h"
#include "cmif/engine/engine.h"
#include "cmif/model/row_format.h"
#include "cmif/server/live_calls.h"
#include "cmif/server/server.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/row_table.h"

namespace cmif::server {

// The calls of cmif.proto. Thread-safe; outlives its calls.
class InferenceService final : public v1::Inference::CallbackService {
 public:
  InferenceService(engine::Engine& engine, const ServerOptions& options);

  grpc::ServerUnaryReactor* Hello(grpc::CallbackServerContext* context,
                                  const v1::HelloRequest* request,
                                  v1::HelloReply* reply) override;
  grpc::ServerBidiReactor<v1::ClassifyRequest, v1::ClassifyReply>* Classify(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::GenerateRequest, v1::GenerateReply>* Generate(
      grpc::CallbackServerContext* context) override;

  // For the calls:
  engine::Engine& engine() { return engine_; }
  const engine::EngineInfo& info() const { return engine_.info(); }
  // An empty slot table for a new stream of at most this many slots.
  wire::RowTable NewTable(uint32_t max_slots) const;
  uint32_t max_slots() const;
  // What must pass on a stream of this call before its rows are taken.
  attest::ServerProof NewProof(
      const char* call, const grpc::CallbackServerContext& context) const;
  void Log(const std::string& line) const;
  // One line for a call that ended with a failure; OK says nothing.
  void LogEnd(const char* call, const grpc::Status& status) const;
  LiveCalls& sentence_calls() { return sentence_calls_; }
  LiveCalls& session_calls() { return session_calls_; }

  // Ends calls whose clients neither send nor read.
  void EndStuckCalls();
  // From `at` on, calls that end were cut off; cut_off() counts them.
  void CutOffAt(LiveCall::Clock::time_point at);
  size_t cut_off() const;

 private:
  engine::Engine& engine_;
  const ServerOptions options_;
  const attest::Party party_;
  const model::RowFormat format_;
  std::mutex mutex_;  // held from the check of a limit to Add()
  LiveCalls sentence_calls_;
  LiveCalls session_calls_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_INFERENCE_SERVICE_H_
