// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/server.h"

#include <fmt/format.h>
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "cmif/server/inference_service.h"
#include "cmif/server/listen_probe.h"
#include "cmif/wire/address.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/quiet_grpc.h"
#include "cmif/wire/tls.h"

namespace cmif::server {
namespace {

constexpr const char* kServiceName = "cmif.v1.Inference";

void SetArguments(grpc::ServerBuilder& builder) {
  constexpr int kLimit = static_cast<int>(wire::kMaxMessageBytes);
  builder.SetMaxReceiveMessageSize(kLimit);
  builder.SetMaxSendMessageSize(kLimit);
  for (const auto& [name, value] : wire::kNoCompression) {
    builder.AddChannelArgument(name, value);
  }
  // With SO_REUSEPORT a second server on the port would start and get half of
  // the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  // Who connects and says nothing, or not enough.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  // A peer that vanished without a word is noticed within 40 s.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(
    const ServerOptions& options) {
  if (!options.identity) return grpc::InsecureServerCredentials();
  if (!options.clients) {
    // Evidence is bound to the client's key too: any will do, but there must be
    // one.
    const auto any = [](const wire::TlsPeer&) -> Result<void> { return {}; };
    return wire::TlsServerCredentials(
        options.identity->tls(),
        options.identity->attests() ? wire::JudgePeer(any) : nullptr);
  }
  options.clients->OnRefusal([log = options.log](const Status& why) {
    if (log) log("a client is refused: " + why.message());
  });
  return wire::TlsServerCredentials(
      options.identity->tls(), attest::PeerJudge::Callback(options.clients));
}

Result<void> CheckOptions(const ServerOptions& options,
                          const wire::Address& address) {
  if (!options.identity && options.clients) {
    return InvalidArgument("clients can prove nothing without TLS");
  }
  if (address.IsLoopback() || options.identity || options.insecure_bind) {
    return {};
  }
  return PermissionDenied(fmt::format(
      "{} can be reached from other machines, and there is no TLS; use "
      "127.0.0.1, add --tls-cert and --tls-key, or --tls-self, or allow it "
      "with "
      "--insecure-bind",
      address.ToString()));
}

}  // namespace

// Destroyed bottom up: the gRPC server and its calls before the engine.
struct Server::Impl {
  explicit Impl(wire::Address at) : address(std::move(at)) {}

  void Log(const std::string& line) const {
    if (options.log) options.log(line);
  }
  void Reap() {
    std::unique_lock lock(mutex);
    while (!drained) {
      wake.wait_for(lock, std::chrono::seconds(1));
      service->EndStuckCalls();
    }
  }

  ServerOptions options;
  wire::Address address;
  int port = 0;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<InferenceService> service;
  std::unique_ptr<grpc::Server> server;
  std::mutex mutex;
  std::condition_variable wake;
  bool drained = false;
  std::thread reaper;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<void> Server::CheckListen(const ServerOptions& options) {
  CMIF_ASSIGN(const auto address, wire::Address::Parse(options.listen));
  CMIF_TRY(CheckOptions(options, address));
  return ProbeListen(address);
}

Result<std::unique_ptr<Server>> Server::Start(
    std::unique_ptr<engine::Engine> engine, const ServerOptions& options) {
  CMIF_TRY(CheckListen(options));
  CMIF_ASSIGN(auto address, wire::Address::Parse(options.listen));
  auto impl = std::make_unique<Impl>(std::move(address));
  impl->options = options;
  impl->engine = std::move(engine);
  impl->service = std::make_unique<InferenceService>(*impl->engine, options);

  wire::QuietGrpc();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetArguments(builder);
  builder.AddListeningPort(impl->address.ToString(), CredentialsOf(options),
                           &impl->port);
  builder.RegisterService(impl->service.get());
  impl->server = builder.BuildAndStart();
  if (!impl->server || impl->port == 0) {
    return Unavailable(
        fmt::format("cannot listen at {}", impl->address.ToString()));
  }
  impl->server->GetHealthCheckService()->SetServingStatus(kServiceName, true);
  impl->reaper = std::thread([raw = impl.get()] { raw->Reap(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { Drain(std::chrono::milliseconds(0)); }

int Server::port() const { return impl_->port; }

std::string Server::address() const {
  return impl_->address.ToString(impl_->port);
}

void Server::Drain(std::chrono::milliseconds limit) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->drained) return;
    impl_->drained = true;
    impl_->wake.notify_one();
  }
  impl_->reaper.join();
  const auto load = impl_->engine->load();
  impl_->Log(fmt::format("stopping within {} s; {} sessions run, {} wait",
                         limit.count() / 1000, load.active, load.waiting));
  impl_->server->GetHealthCheckService()->SetServingStatus(false);
  impl_->service->CutOffAt(LiveCall::Clock::now() + limit);
  impl_->server->Shutdown(std::chrono::system_clock::now() + limit);
  impl_->server->Wait();
  impl_->Log(
      fmt::format("stopped; {} calls cut off", impl_->service->cut_off()));
}

}  // namespace cmif::server
