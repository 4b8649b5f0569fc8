// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_
#define CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

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
class HelloServer final : public v1::Inference::Service {
 public:
  explicit HelloServer(std::shared_ptr<grpc::ServerCredentials> credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~HelloServer() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status Hello(grpc::ServerContext*, const v1::HelloRequest*,
                     v1::HelloReply* reply) override {
    const model::ModelFacts facts = HelloFacts();
    reply->set_protocol_version(wire::kProtocolVersion);
    reply->set_model_id(facts.model_id);
    reply->set_body_sha256(facts.body_sha256);
    reply->set_partition(facts.partition);
    reply->set_row_type(facts.table_type);
    reply->set_row_width(facts.width);
    reply->set_max_tokens(16);
    reply->set_max_sentences(1);
    reply->set_max_slots(16);
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cmif::client::testing

#endif  // CMIF_CLIENT_TESTING_HELLO_SERVER_INL_H_
