// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <fmt/format.h>

#include <string_view>

#include "cmif/client/remote-inl.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"

namespace cmif::client {
namespace {

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
  const std::string_view host =
      std::string_view(address).substr(0, address.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Remote::Remote() : impl_(std::make_unique<Impl>()) {}
Remote::~Remote() = default;

Result<std::unique_ptr<Remote>> Remote::Connect(
    const RemoteOptions& options, const model::ModelFacts& expected) {
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
  remote->facts_ = {.max_tokens = reply.max_tokens(),
                    .max_sentences = std::max(reply.max_sentences(), 1U),
                    .max_slots = reply.max_slots(),
                    .labels = reply.labels()};
  return remote;
}

}  // namespace cmif::client
