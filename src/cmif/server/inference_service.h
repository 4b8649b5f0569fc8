// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_INFERENCE_SERVICE_H_
#define CMIF_SERVER_INFERENCE_SERVICE_H_

#include <memory>
#include <mutex>
#include <unordered_map>

#include "cmif/engine/engine.h"
#include "cmif/model/row_format.h"
#include "cmif/server/server.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/row_table.h"

namespace cmif::server {

class ClassifyCall;

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
  void Log(const std::string& line) const;
  // One line for a call that ended with a failure; OK says nothing.
  void LogEnd(const char* call, const grpc::Status& status) const;
  void Forget(const ClassifyCall* call);

  // Ends classification streams that have been idle for too long.
  void EndIdleStreams();

 private:
  engine::Engine& engine_;
  const ServerOptions options_;
  const model::RowFormat format_;
  std::mutex mutex_;
  std::unordered_map<const ClassifyCall*, std::weak_ptr<ClassifyCall>> streams_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_INFERENCE_SERVICE_H_
