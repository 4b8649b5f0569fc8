// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "cmif/client/remote-inl.h"
#include "cmif/model/row_format.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"

namespace cmif::client {
namespace {

constexpr uint32_t kMaxSentences = 64;  // of a batch, whatever a server says

// HOST:PORT; gRPC would try for ever to resolve anything else.
Result<void> CheckAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon != std::string_view::npos && colon > 0) {
    const auto [end, error] = std::from_chars(
        address.data() + colon + 1, address.data() + address.size(), port);
    if (error != std::errc() || end != address.data() + address.size()) {
      port = 0;
    }
  }
  if (port > 0 && port <= 65535) return {};
  return InvalidArgument(std::string(address) +
                         " is no address of a server: give HOST:PORT with a "
                         "port from 1 to 65535");
}

Result<v1::HelloReply> Hello(v1::Inference::Stub& stub,
                             std::chrono::seconds timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  v1::HelloRequest request;
  request.set_protocol_version(wire::kProtocolVersion);
  v1::HelloReply reply;
  CMIF_TRY(wire::FromGrpc(stub.Hello(&context, request, &reply)));
  return reply;
}

Result<void> Check(const v1::HelloReply& reply,
                   const model::ModelFacts& expected) {
  if (reply.protocol_version() != wire::kProtocolVersion) {
    return FailedPrecondition(
        fmt::format("the server speaks protocol version {}, this client {}; "
                    "use programs of the same version",
                    reply.protocol_version(), wire::kProtocolVersion));
  }
  if (reply.model_id() != expected.model_id ||
      reply.body_sha256() != expected.body_sha256 ||
      reply.partition() != expected.partition) {
    return FailedPrecondition(
        "the server holds the body of another model than this bundle; start "
        "it with the body.gguf of the same folder, or name the server of this "
        "model with --server");
  }
  if (reply.row_type() != expected.table_type ||
      reply.row_width() != expected.width) {
    return FailedPrecondition("the server expects rows of another shape");
  }
  if (reply.max_tokens() == 0 || reply.max_slots() == 0) {
    return FailedPrecondition("the server's limits make no sense");
  }
  return {};
}

}  // namespace

bool IsLoopback(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) return false;
  const std::string host = address.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 &&
         (ntohl(parsed.s_addr) >> 24) == 127;
}

Status OfBrokenConnection(const Status& status) {
  if (status.code() != Code::kUnavailable &&
      status.code() != Code::kCancelled) {
    return status;
  }
  return {Code::kUnavailable,
          "the server went away before it had answered all (" +
              status.message() + "); start it again and repeat the rest"};
}

Remote::Remote() : impl_(std::make_unique<Impl>()) {}
Remote::~Remote() = default;

Result<std::unique_ptr<Remote>> Remote::Connect(
    const RemoteOptions& options, const model::ModelFacts& expected) {
  CMIF_TRY(CheckAddress(options.address));
  if (!IsLoopback(options.address) && !options.insecure) {
    return PermissionDenied(
        options.address +
        " is not on this machine, and the connection would be neither "
        "encrypted nor authenticated; --insecure allows it all the same");
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(wire::kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(wire::kMaxMessageBytes));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::unique_ptr<Remote> remote(new Remote());
  remote->impl_->channel = grpc::CreateCustomChannel(
      options.address, grpc::InsecureChannelCredentials(), arguments);
  const auto deadline =
      std::chrono::system_clock::now() + options.connect_timeout;
  if (!remote->impl_->channel->WaitForConnected(deadline)) {
    return Unavailable(fmt::format(
        "no server answers at {} within {} s; start one with cmif server "
        "--body DIR/body.gguf, or name it with --server",
        options.address, options.connect_timeout.count()));
  }
  remote->impl_->stub = v1::Inference::NewStub(remote->impl_->channel);
  CMIF_ASSIGN(const v1::HelloReply reply,
              Hello(*remote->impl_->stub, options.connect_timeout));
  CMIF_TRY(Check(reply, expected));
  // A server's limits are its word: none goes beyond what the model and the
  // protocol allow.
  CMIF_ASSIGN(const model::RowFormat format,
              model::RowFormat::Create(expected.table_type, expected.width));
  remote->facts_ = {
      .max_tokens = std::min(reply.max_tokens(), expected.context),
      .max_sentences = std::clamp(reply.max_sentences(), 1U, kMaxSentences),
      .max_slots =
          std::min(reply.max_slots(), wire::SlotsFor(format.row_bytes())),
      .labels = reply.labels()};
  return remote;
}

}  // namespace cmif::client
