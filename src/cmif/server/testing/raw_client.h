// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_TESTING_RAW_CLIENT_H_
#define CMIF_SERVER_TESTING_RAW_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/engine/testing/plain_llama.h"
#include "cmif/wire/cmif.grpc.pb.h"
#include "cmif/wire/row_sender.h"

namespace cmif::server::testing {

// What came of a generation.
struct Generated {
  std::vector<uint32_t> tokens;
  std::vector<std::string> states;
  uint32_t rows_asked = 0;
  bool has_done = false;
  v1::Done done;
  grpc::Status status;
};

// A client with the table of the whole model and no sanitizer, for tests and
// measurements: what goes over the wire is what a real one would send.
class RawClient {
 public:
  RawClient(const std::string& address, const engine::testing::TableRows& table,
            const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                grpc::InsecureChannelCredentials());

  v1::Inference::Stub& stub() { return *stub_; }
  const engine::testing::TableRows& table() const { return table_; }

  grpc::Status Hello(uint32_t version, v1::HelloReply* reply);

  // Rows that name these tokens, with those the sender has not sent yet.
  v1::Rows Rows(wire::RowSender& sender, std::span<const int32_t> tokens) const;

  Generated Generate(std::span<const int32_t> prompt,
                     const v1::Sampling& sampling);
  // Partition embedding+head: answers each state with `answer`'s row.
  Generated GenerateStates(std::span<const int32_t> prompt,
                           const v1::Sampling& sampling, int32_t answer);
  // One request on a stream of its own.
  grpc::Status Classify(const std::vector<std::vector<int32_t>>& sentences,
                        std::vector<float>* logits);

 private:
  Generated Converse(std::span<const int32_t> prompt,
                     const v1::Sampling& sampling, int32_t answer);
  const engine::testing::TableRows& table_;
  std::unique_ptr<v1::Inference::Stub> stub_;
};

v1::Sampling Greedy(uint32_t max_tokens);

}  // namespace cmif::server::testing

#endif  // CMIF_SERVER_TESTING_RAW_CLIENT_H_
