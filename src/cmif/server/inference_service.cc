// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/inference_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/server/classify_call.h"
#include "cmif/server/generate_call.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/tls.h"

namespace cmif::server {
namespace {

// Answers a stream with a failure at once.
template <typename Request, typename Reply>
class RefusedCall final : public grpc::ServerBidiReactor<Request, Reply> {
 public:
  explicit RefusedCall(const Status& status) {
    this->Finish(wire::ToGrpc(status));
  }
  void OnDone() override { delete this; }
};

}  // namespace

InferenceService::InferenceService(engine::Engine& engine,
                                   const ServerOptions& options)
    : engine_(engine),
      options_(options),
      party_{options.identity,
             options.clients ? options.clients->evidence() : nullptr},
      // ReadBodyInfo has checked that this format exists.
      format_(*model::RowFormat::Create(engine.info().body.row_type,
                                        engine.info().body.row_width)) {}

grpc::ServerUnaryReactor* InferenceService::Hello(
    grpc::CallbackServerContext* context, const v1::HelloRequest* request,
    v1::HelloReply* reply) {
  auto* reactor = context->DefaultReactor();
  if (request->protocol_version() != wire::kProtocolVersion) {
    const grpc::Status other = wire::ToGrpc(
        {Code::kFailedPrecondition,
         fmt::format("the client speaks protocol version {}, this server {}; "
                     "use the same release on both sides",
                     request->protocol_version(), wire::kProtocolVersion)});
    LogEnd("hello", other);
    reactor->Finish(other);
    return reactor;
  }
  const engine::EngineInfo& facts = info();
  reply->set_protocol_version(wire::kProtocolVersion);
  reply->set_model_id(facts.body.model_id);
  reply->set_body_sha256(options_.body_sha256);
  reply->set_architecture(facts.body.architecture);
  reply->set_partition(facts.body.partition);
  reply->set_row_type(facts.body.row_type);
  reply->set_row_width(facts.body.row_width);
  reply->set_max_tokens(facts.max_tokens);
  reply->set_max_sessions(facts.max_sessions);
  reply->set_max_sentences(facts.max_sentences);
  reply->set_labels(facts.labels);
  reply->set_max_slots(max_slots());
  reply->set_demands_evidence(party_.peers != nullptr);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerBidiReactor<v1::ClassifyRequest, v1::ClassifyReply>*
InferenceService::Classify(grpc::CallbackServerContext* context) {
  using Refused = RefusedCall<v1::ClassifyRequest, v1::ClassifyReply>;
  const auto refuse = [this](const Status& why) {
    LogEnd("classification", wire::ToGrpc(why));
    return new Refused(why);
  };
  if (info().labels == 0) {
    return refuse({Code::kFailedPrecondition,
                   "this server's model generates; it does not classify"});
  }
  const std::lock_guard lock(mutex_);
  if (sentence_calls_.size() >= options_.classify_streams) {
    return refuse(
        {Code::kResourceExhausted,
         fmt::format("{} classification streams are open; try again later",
                     sentence_calls_.size())});
  }
  const auto call = ClassifyCall::Start(*this, context);
  sentence_calls_.Add(call);
  return call.get();
}

grpc::ServerBidiReactor<v1::GenerateRequest, v1::GenerateReply>*
InferenceService::Generate(grpc::CallbackServerContext* context) {
  using Refused = RefusedCall<v1::GenerateRequest, v1::GenerateReply>;
  const auto call = GenerateCall::Start(*this, context);
  if (!call) {
    LogEnd("generation", wire::ToGrpc(call.error()));
    return new Refused(call.error());
  }
  session_calls_.Add(*call);
  return call->get();
}

wire::RowTable InferenceService::NewTable(uint32_t max_slots) const {
  return *wire::RowTable::Create(
      {.row_bytes = format_.row_bytes(),
       .width = format_.width(),
       .max_slots = max_slots,
       .expand = [format = format_](std::span<const uint8_t> row,
                                    std::span<float> out) {
         format.Expand(row, out);
       }});
}

attest::ServerProof InferenceService::NewProof(
    const char* call, const grpc::CallbackServerContext& context) const {
  return {
      party_, fmt::format("{} {}", call, options_.body_sha256),
      party_.identity ? wire::PeerCertificate(*context.auth_context()) : ""};
}

uint32_t InferenceService::max_slots() const {
  const uint32_t fit = wire::SlotsFor(format_.row_bytes());
  // A session has no use for more rows than positions.
  return info().labels > 0 ? fit : std::min(fit, info().max_tokens);
}

void InferenceService::Log(const std::string& line) const {
  if (options_.log) options_.log(line);
}

void InferenceService::LogEnd(const char* call,
                              const grpc::Status& status) const {
  if (status.ok()) return;
  const auto code = static_cast<Code>(status.error_code());
  if (code == Code::kCancelled) return;
  // Only the code: some messages repeat what a client sent.
  Log(fmt::format("{} ended with {}", call, CodeName(code)));
}

void InferenceService::EndStuckCalls() {
  LiveCall::Limits limits = {.idle = options_.idle_timeout,
                             .write = options_.write_timeout};
  session_calls_.EndStuck(limits);
  if (sentence_calls_.size() * 4 >= size_t{3} * options_.classify_streams) {
    limits.idle = std::min(limits.idle, options_.crowded_idle_timeout);
  }
  sentence_calls_.EndStuck(limits);
}

void InferenceService::CutOffAt(LiveCall::Clock::time_point at) {
  sentence_calls_.CutOffAt(at);
  session_calls_.CutOffAt(at);
}

size_t InferenceService::cut_off() const {
  return sentence_calls_.late() + session_calls_.late();
}

}  // namespace cmif::server
