// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_HTTPS_SERVER_H_
#define CMIF_BROKER_HTTPS_SERVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/service.h"

namespace cmif::broker {

struct HttpsServerOptions {
  std::string listen = "127.0.0.1:7443";  // HOST:PORT; port 0 takes a free one
  std::string certificates;               // PEM, its own first
  std::string key;                        // its private key, PEM
  // For the handshake, for a whole request, and for its answer.
  std::chrono::milliseconds timeout{10'000};
  size_t max_connections = 256;  // more are closed at once
  size_t max_connections_of_peer = 32;
  size_t threads = 4;  // that answer requests
};

// HTTP/1.1 over TLS 1.3, without resumption. A request has at most 16 KiB of
// header and kMaxKbsBytes of body; a connection at most 100 requests.
class HttpsServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens when it returns; `handler` is called by several threads.
  // INVALID_ARGUMENT: the address, certificate or key; ALREADY_EXISTS: the port
  // is in use; PERMISSION_DENIED.
  static Result<std::unique_ptr<HttpsServer>> Start(
      const HttpsServerOptions& options, Handler handler);
  // Ends all connections.
  ~HttpsServer();

  // HOST:PORT, with the port that was taken.
  const std::string& address() const { return address_; }

 private:
  struct State;
  explicit HttpsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  std::string address_;
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_HTTPS_SERVER_H_
