// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/testing/raw_client.h"

#include <chrono>

#include "cmif/wire/limits.h"

namespace cmif::server::testing {

v1::Sampling Greedy(uint32_t max_tokens) {
  v1::Sampling sampling;
  sampling.set_max_tokens(max_tokens);
  return sampling;
}

RawClient::RawClient(
    const std::string& address, const engine::testing::TableRows& table,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : table_(table) {
  grpc::ChannelArguments arguments;
  // Its own connection, not one that clients of the process share.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(wire::kMaxMessageBytes));
  const auto channel =
      grpc::CreateCustomChannel(address, credentials, arguments);
  // As client::Remote does: gRPC 1.51's first attempt to connect fails now and
  // then ("No such file or directory", seen in 4 of 2,100 runs), and a call on
  // a channel that is not connected fails with it instead of trying again.
  // Where nobody listens, the call says so.
  channel->WaitForConnected(std::chrono::system_clock::now() +
                            std::chrono::seconds(5));
  stub_ = v1::Inference::NewStub(channel);
}

grpc::Status RawClient::Hello(uint32_t version, v1::HelloReply* reply) {
  grpc::ClientContext context;
  v1::HelloRequest request;
  request.set_protocol_version(version);
  return stub_->Hello(&context, request, reply);
}

v1::Rows RawClient::Rows(wire::RowSender& sender,
                         std::span<const int32_t> tokens) const {
  v1::Rows rows;
  for (const int32_t token : tokens) {
    const auto id = static_cast<uint32_t>(token);
    rows.add_slots(sender.SlotOf(id, table_.Row(id)).value());
  }
  rows.set_new_rows(sender.TakeNewRows());
  return rows;
}

Generated RawClient::Generate(std::span<const int32_t> prompt,
                              const v1::Sampling& sampling) {
  return Converse(prompt, sampling, -1);
}

Generated RawClient::GenerateStates(std::span<const int32_t> prompt,
                                    const v1::Sampling& sampling,
                                    int32_t answer) {
  return Converse(prompt, sampling, answer);
}

Generated RawClient::Converse(std::span<const int32_t> prompt,
                              const v1::Sampling& sampling, int32_t answer) {
  wire::RowSender sender(table_.row_bytes(), wire::kMaxSlots);
  grpc::ClientContext context;
  const auto stream = stub_->Generate(&context);
  v1::GenerateRequest request;
  *request.mutable_sampling() = sampling;
  *request.mutable_rows() = Rows(sender, prompt);
  request.set_prompt_done(true);
  stream->Write(request);
  Generated out;
  v1::GenerateReply reply;
  while (stream->Read(&reply)) {
    int32_t next = -1;
    out.tokens.insert(out.tokens.end(), reply.tokens().begin(),
                      reply.tokens().end());
    if (reply.wants_row()) next = static_cast<int32_t>(out.tokens.back());
    if (!reply.hidden_state().empty()) {
      out.states.push_back(reply.hidden_state());
      next = answer;
    }
    if (reply.has_done()) {
      out.has_done = true;
      out.done = reply.done();
    }
    if (next < 0) continue;
    ++out.rows_asked;
    v1::GenerateRequest row;
    *row.mutable_rows() = Rows(sender, {&next, 1});
    stream->Write(row);
  }
  out.status = stream->Finish();
  return out;
}

grpc::Status RawClient::Classify(
    const std::vector<std::vector<int32_t>>& sentences,
    std::vector<float>* logits) {
  wire::RowSender sender(table_.row_bytes(), wire::kMaxSlots);
  grpc::ClientContext context;
  const auto stream = stub_->Classify(&context);
  v1::ClassifyRequest request;
  std::vector<int32_t> tokens;
  for (const auto& sentence : sentences) {
    request.add_lengths(static_cast<uint32_t>(sentence.size()));
    tokens.insert(tokens.end(), sentence.begin(), sentence.end());
  }
  *request.mutable_rows() = Rows(sender, tokens);
  stream->Write(request);
  stream->WritesDone();
  v1::ClassifyReply reply;
  while (stream->Read(&reply)) {
    logits->insert(logits->end(), reply.logits().begin(), reply.logits().end());
  }
  return stream->Finish();
}

}  // namespace cmif::server::testing
