// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_
#define CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "cmif/model/manifest.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/limits.h"

namespace cmif::client::testing {

// What HelloServer's model is for a client.
inline model::ModelFacts HelloFacts() {
  model::ModelFacts facts;
  facts.model_id = "m";
  facts.body_sha256 = "b";
  facts.partition = "embedding";
  facts.table_type = "f32";
  facts.width = 32;
  facts.context = 16;
  return facts;
}

// A server of a test's own that answers Hello on a free loopback port.
class HelloServer : public v1::Inference::Service {
 public:
  explicit HelloServer(
      const std::shared_ptr<grpc::ServerCredentials>& credentials,
      model::ModelFacts facts = HelloFacts(), int port = 0)
      : facts_(std::move(facts)) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials,
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~HelloServer() override { Stop(); }
  // Calls end before what a derived class has.
  void Stop() { server_->Shutdown(std::chrono::system_clock::now()); }
  int port() const { return port_; }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  std::atomic<bool> demands_evidence = false;

  grpc::Status Hello(grpc::ServerContext*, const v1::HelloRequest*,
                     v1::HelloReply* reply) override {
    reply->set_protocol_version(wire::kProtocolVersion);
    reply->set_model_id(facts_.model_id);
    reply->set_body_sha256(facts_.body_sha256);
    reply->set_partition(facts_.partition);
    reply->set_row_type(facts_.table_type);
    reply->set_row_width(facts_.width);
    reply->set_max_tokens(16);
    reply->set_max_sentences(1);
    reply->set_max_slots(16);
    reply->set_labels(static_cast<uint32_t>(facts_.labels.size()));
    reply->set_demands_evidence(demands_evidence);
    return grpc::Status::OK;
  }

 private:
  const model::ModelFacts facts_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cmif::client::testing

#endif  // CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_
