// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "cmif/client/remote-inl.h"
#include "cmif/model/row_format.h"
#include "cmif/wire/address.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/quiet_grpc.h"
#include "cmif/wire/tls.h"

namespace cmif::client {
namespace {

constexpr uint32_t kMaxSentences = 64;  // of a batch, whatever a server says

using std::chrono::system_clock;

Result<v1::HelloReply> Hello(v1::Inference::Stub& stub,
                             system_clock::time_point deadline) {
  grpc::ClientContext context;
  context.set_deadline(deadline);
  v1::HelloRequest request;
  request.set_protocol_version(wire::kProtocolVersion);
  v1::HelloReply reply;
  CMIF_TRY(wire::FromGrpc(stub.Hello(&context, request, &reply)));
  return reply;
}

// A server's words, or gRPC's, are not to be taken for this program's: they
// stand at the end.
Status WithReason(std::string what, const Status& status) {
  return {status.code(),
          fmt::format("{}; reason given: {}", what,
                      status.message().empty() ? CodeName(status.code())
                                               : status.message())};
}

Status HelloFailed(const std::string& address, const Status& status) {
  if (status.code() == Code::kFailedPrecondition) {
    return WithReason("the server refuses this client", status);
  }
  return WithReason(address +
                        " took the connection but gives no proper answer (is "
                        "it a cmif server, and is it not overloaded?)",
                    status);
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
    const bool same_model = reply.model_id() == expected.model_id;
    return FailedPrecondition(fmt::format(
        "the server holds the body of another {} than this bundle; start it "
        "with the body.gguf of the same folder, or name the server of this one "
        "with --server",
        same_model ? "split of this model" : "model"));
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

Result<wire::Address> CheckAddress(const RemoteOptions& options) {
  CMIF_ASSIGN(auto address, wire::Address::Parse(options.address));
  if (address.port() == 0) {
    return InvalidArgument(options.address +
                           " is no address of a server: give HOST:PORT with a "
                           "port from 1 to 65535");
  }
  if (!address.IsLoopback() && !options.server && !options.insecure) {
    return PermissionDenied(
        options.address +
        " is not on this machine, and the connection would be neither "
        "encrypted nor authenticated; use --tls, or allow it all the same with "
        "--insecure");
  }
  return address;
}

bool Says(const Status& status, std::initializer_list<const char*> words) {
  return status.code() == Code::kUnavailable &&
         std::ranges::any_of(words, [&](const char* word) {
           return status.message().contains(word);
         });
}

// What gRPC says of a connection that was taken and then closed, or that broke
// in the TLS handshake. All else may pass: nobody listens yet, a name is not
// known yet.
bool BrokeInHandshake(const Status& status) {
  return Says(status, {"handshake failed"});
}
bool WasTurnedAway(const Status& status) {
  return BrokeInHandshake(status) ||
         Says(status, {"Socket closed", "onnection reset", "Broken pipe"});
}

Status WhyNoConnection(const std::string& address, bool tls,
                       const std::string& message) {
  if (!tls) {
    return {Code::kUnavailable,
            address +
                " closes the connection: it is no cmif server, or one with TLS "
                "(then add --tls and --server-key, --server-ca or "
                "--server-policy)"};
  }
  if (message.contains("wrong version number") ||
      message.contains("WRONG_VERSION") || message.contains("packet length")) {
    return {Code::kUnavailable,
            address +
                " does not speak TLS; start the server with --tls-cert "
                "or --tls-self, or leave --tls away"};
  }
  if (message.contains("protocol version") ||
      message.contains("handshake failure")) {
    return {Code::kUnavailable,
            address +
                " does not speak TLS 1.3, or has no key that this "
                "program accepts"};
  }
  return {Code::kUnavailable,
          address +
              " ends the TLS handshake: it is no cmif server, or it refuses "
              "this client's certificate (--client-cert and --client-key, or "
              "the evidence of --attester; its log says why)"};
}

}  // namespace

Status Remote::Explained(const Status& status) const {
  if (status.code() != Code::kUnavailable &&
      status.code() != Code::kCancelled) {
    return WithReason("the call ended early", status);
  }
  // A server that came back with another key.
  if (impl_->judge) {
    if (const auto refusal = impl_->judge->last_refusal()) return *refusal;
  }
  return WithReason(
      "the server went away before it had answered all: start it again and "
      "repeat the rest",
      {Code::kUnavailable, status.message()});
}

Remote::Remote() : impl_(std::make_unique<Impl>()) {}
Remote::~Remote() = default;

Result<void> Remote::Impl::Open(const RemoteOptions& options,
                                const wire::Address& address) {
  wire::QuietGrpc();
  auto credentials = grpc::InsecureChannelCredentials();
  if (options.server) {
    attest::PeerDemands demands = *options.server;
    if (demands.host.empty()) demands.host = address.host();
    CMIF_ASSIGN(judge, attest::PeerJudge::Create(std::move(demands),
                                                 attest::Role::kServer));
    identity = options.identity;
    if (!identity) {
      CMIF_ASSIGN(identity, attest::OwnIdentity::Make());
    }
    credentials = wire::TlsChannelCredentials(
        identity->tls(), attest::PeerJudge::Callback(judge));
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(wire::kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(wire::kMaxMessageBytes));
  for (const auto& [name, value] : wire::kNoCompression) {
    arguments.SetInt(name, value);
  }
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  // Each connection is judged, so none is shared with another channel.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A stream that gRPC itself moved to another connection would not be the one
  // that was challenged.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  channel = grpc::CreateCustomChannel(options.address, credentials, arguments);
  stub = v1::Inference::NewStub(channel);
  return {};
}

Result<void> Remote::Impl::Wait(const RemoteOptions& options,
                                system_clock::time_point deadline) {
  std::optional<system_clock::time_point> turned_away;
  while (system_clock::now() < deadline) {
    const auto state = channel->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return {};
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      const auto refusal = judge ? judge->last_refusal() : std::nullopt;
      if (refusal) return std::unexpected(refusal->At(options.address));
      const auto hello = Hello(*stub, deadline);
      if (!hello && WasTurnedAway(hello.error())) {
        // A server that stops closes connections too: again after a second.
        const auto now = system_clock::now();
        if (!turned_away) turned_away = now;
        if (BrokeInHandshake(hello.error()) ||
            now - *turned_away >= std::chrono::seconds(1)) {
          return std::unexpected(WhyNoConnection(
              options.address, judge != nullptr, hello.error().message()));
        }
      }
    }
    // gRPC tries again without showing a change of state.
    channel->WaitForStateChange(
        state, std::min(deadline,
                        system_clock::now() + std::chrono::milliseconds(200)));
  }
  return Unavailable(fmt::format(
      "no cmif server answers at {} within {} s; start one with cmif server "
      "--body DIR/body.gguf, or name it with --server",
      options.address, options.connect_timeout.count()));
}

Result<std::unique_ptr<Remote>> Remote::Connect(
    const RemoteOptions& options, const model::ModelFacts& expected) {
  CMIF_ASSIGN(const wire::Address address, CheckAddress(options));
  std::unique_ptr<Remote> remote(new Remote());
  CMIF_TRY(remote->impl_->Open(options, address));
  const auto deadline = system_clock::now() + options.connect_timeout;
  CMIF_TRY(remote->impl_->Wait(options, deadline));
  // A connection that came late leaves a moment for the answer all the same.
  const auto reply = Hello(
      *remote->impl_->stub,
      std::max(deadline, system_clock::now() + std::chrono::milliseconds(500)));
  if (!reply) {
    return std::unexpected(HelloFailed(options.address, reply.error()));
  }
  CMIF_TRY(Check(*reply, expected));
  remote->impl_->body_sha256 = expected.body_sha256;
  remote->impl_->server_demands = reply->demands_evidence();
  if (reply->demands_evidence() && !remote->impl_->CanProve()) {
    return FailedPrecondition(
        "the server takes rows only of clients that prove what runs in them; "
        "run this one in a trusted execution environment, with --tls and "
        "--attester");
  }
  // A server's limits are its word: none goes beyond what the model and the
  // protocol allow.
  CMIF_ASSIGN(const model::RowFormat format,
              model::RowFormat::Create(expected.table_type, expected.width));
  remote->facts_ = {
      .max_tokens = std::min(reply->max_tokens(), expected.context),
      .max_sentences = std::clamp(reply->max_sentences(), 1U, kMaxSentences),
      .max_slots =
          std::min(reply->max_slots(), wire::SlotsFor(format.row_bytes())),
      .labels = reply->labels()};
  return remote;
}

}  // namespace cmif::client
