// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_SERVER_H_
#define CMIF_SERVER_SERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cmif/attest/own_identity.h"
#include "cmif/attest/peer_judge.h"
#include "cmif/base/status.h"
#include "cmif/engine/engine.h"

namespace cmif::server {

struct ServerOptions {
  std::string listen = "127.0.0.1:7070";  // port 0: any free one
  // Allows addresses other than loopback, without TLS: whoever can reach the
  // port can use the server and read what others send.
  bool insecure_bind = false;
  // TLS 1.3, which shows this; null: no TLS.
  std::shared_ptr<attest::OwnIdentity> identity{};
  // With TLS: what clients must prove in the handshake; null: nothing.
  std::shared_ptr<attest::PeerJudge> clients{};
  std::string body_sha256{};  // hex, told to clients
  // Classification streams open at once; each may keep rows of up to
  // wire::kMaxSlotBytes. Beyond: RESOURCE_EXHAUSTED.
  uint32_t classify_streams = 64;
  // A classification stream without a request for this long is ended.
  std::chrono::milliseconds idle_timeout{300'000};
  // The same while three quarters of those streams are open: who does nothing
  // with them shuts nobody out.
  std::chrono::milliseconds crowded_idle_timeout{30'000};
  // A call is broken off whose client does not take a reply, or its end, for
  // this long.
  std::chrono::milliseconds write_timeout{30'000};
  // Gets one line at a time, from any thread. Lines hold counts and error
  // codes; never rows, tokens or anything else of a user.
  std::function<void(const std::string&)> log{};
};

// The gRPC service of wire/cmif.proto over one engine, with the standard
// health service, without reflection. Thread-safe.
class Server {
 public:
  // Whether it could listen as asked: Start()'s errors, before a model is
  // loaded.
  static Result<void> CheckListen(const ServerOptions& options);
  // Listens when it returns. INVALID_ARGUMENT: bad address, or demands on
  // clients without TLS; PERMISSION_DENIED: not a loopback address without TLS
  // or insecure_bind, or a port that is not for this user; ALREADY_EXISTS: the
  // port is taken; UNAVAILABLE: gRPC cannot listen for another reason.
  static Result<std::unique_ptr<Server>> Start(
      std::unique_ptr<engine::Engine> engine, const ServerOptions& options);
  // Drains with no time left.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  std::string address() const;

  // Takes no new calls; ends those that are left after `limit`. Returns when
  // all have ended. Later calls do nothing.
  void Drain(std::chrono::milliseconds limit);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_SERVER_H_
