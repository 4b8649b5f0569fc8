// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/https_server.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "cmif/base/secret_bytes.h"
#include "cmif/wire/address.h"

namespace cmif::broker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr uint32_t kMaxHeaderBytes = 16384;
constexpr int kMaxRequests = 100;  // of a connection
constexpr std::chrono::seconds kGoodbye{2};
constexpr std::chrono::milliseconds kAfterError{100};

// Who a connection counts for: an address; of IPv6 the 64 bits of its network,
// since a machine has as many of the others as it likes.
std::string PeerOf(const asio::ip::address& address) {
  if (!address.is_v6() || address.to_v6().is_v4_mapped()) {
    return address.to_string();
  }
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return asio::ip::address_v6(bytes).to_string();
}

// The connections that live. Thread-safe.
class Connections {
 public:
  bool Enter(const std::string& peer, const HttpsServerOptions& options) {
    const std::lock_guard lock(mutex_);
    if (all_ >= options.max_connections) return false;
    size_t& own = of_peer_[peer];
    if (own >= options.max_connections_of_peer) return false;
    ++own;
    ++all_;
    return true;
  }
  void Leave(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    --all_;
    if (--of_peer_[peer] == 0) of_peer_.erase(peer);
  }

 private:
  std::mutex mutex_;
  size_t all_ = 0;
  std::map<std::string, size_t> of_peer_;
};

// Leaves when it goes away.
class Counted {
 public:
  Counted(Connections& connections, std::string peer)
      : connections_(connections), peer_(std::move(peer)) {}
  ~Counted() { connections_.Leave(peer_); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  Connections& connections_;
  const std::string peer_;
};

http::response<http::string_body> ToBeast(HttpResponse answer, bool keep) {
  http::response<http::string_body> response(
      http::int_to_status(static_cast<unsigned>(answer.status)), 11);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  if (!answer.set_cookie.empty()) {
    response.set(http::field::set_cookie, answer.set_cookie);
  }
  response.keep_alive(keep);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

HttpResponse BadRequest(int status, const char* type, const char* detail) {
  return {.status = status,
          .body = WriteProblem({type, detail}),
          .content_type = "application/problem+json"};
}

// What to say to a request that could not be read; nothing to one that ended.
std::optional<HttpResponse> AnswerTo(const beast::error_code& error) {
  if (error == http::error::body_limit) {
    return BadRequest(413, "too-large", "the body is too large");
  }
  if (error == http::error::header_limit) {
    return BadRequest(413, "too-large", "the header is too large");
  }
  if (error.category() ==
          http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream &&
      error != http::error::partial_message) {
    return BadRequest(400, "malformed", "this is no HTTP/1.1 request");
  }
  return std::nullopt;
}

HttpRequest FromBeast(http::request<http::string_body> request,
                      const std::string& peer) {
  HttpRequest plain{
      .method = std::string(request.method_string()),
      .path = std::string(request.target()),
      .cookie = std::string(request[http::field::cookie]),
      .authorization = std::string(request[http::field::authorization]),
      .peer = peer};
  plain.body = std::move(request.body());
  return plain;
}

Result<void> SetUpTls(const HttpsServerOptions& options, ssl::context& tls) {
  beast::error_code error;
  tls.set_options(ssl::context::default_workarounds |
                      ssl::context::no_compression | SSL_OP_NO_TICKET,
                  error);
  if (SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_num_tickets(tls.native_handle(), 0) != 1) {
    return Internal("OpenSSL cannot be told to speak TLS 1.3");
  }
  SSL_CTX_set_session_cache_mode(tls.native_handle(), SSL_SESS_CACHE_OFF);
  tls.use_certificate_chain(asio::buffer(options.certificates), error);
  if (error) return InvalidArgument("the broker's certificate is no PEM");
  tls.use_private_key(asio::buffer(options.key), ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(tls.native_handle()) != 1) {
    return InvalidArgument(
        "the broker's key is no PEM, or of another certificate");
  }
  return {};
}

}  // namespace

struct HttpsServer::State {
  State(const HttpsServerOptions& wanted, Handler answer)
      : options(wanted), handler(std::move(answer)) {
    SecureWipe(options.key.data(), options.key.size());  // OpenSSL has it
  }

  Result<std::string> Listen();
  asio::awaitable<void> Accept();
  asio::awaitable<void> Serve(tcp::socket socket, std::string peer);
  asio::awaitable<bool> Exchange(Stream& stream, beast::flat_buffer& buffer,
                                 const std::string& peer, bool last);
  HttpResponse Answer(http::request<http::string_body> request,
                      const std::string& peer) const;

  HttpsServerOptions options;  // without the key
  const Handler handler;
  ssl::context tls{ssl::context::tlsv13_server};
  Connections connections;
  asio::io_context io;
  tcp::acceptor acceptor{io};
  std::vector<std::thread> threads;
};

Result<std::string> HttpsServer::State::Listen() {
  CMIF_ASSIGN(const wire::Address address,
              wire::Address::Parse(options.listen));
  beast::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(
      address.host(), std::to_string(address.port()),
      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return InvalidArgument("--listen: there is no such host");
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return Fail(
        Code::kAlreadyExists,
        fmt::format("{} is in use: choose another --listen", options.listen));
  }
  if (error) {
    return PermissionDenied(fmt::format("cannot listen on {}: {}",
                                        options.listen, error.message()));
  }
  return address.ToString(acceptor.local_endpoint(error).port());
}

asio::awaitable<void> HttpsServer::State::Accept() {
  while (true) {
    auto [error, socket] =
        co_await acceptor.async_accept(asio::make_strand(io), kNoThrow);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // too many files, a peer that is gone
      asio::steady_timer pause(io, kAfterError);
      co_await pause.async_wait(kNoThrow);
      continue;
    }
    beast::error_code gone;
    std::string peer = PeerOf(socket.remote_endpoint(gone).address());
    if (!connections.Enter(peer, options)) continue;
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, Serve(std::move(socket), std::move(peer)),
                   asio::detached);
  }
}

asio::awaitable<void> HttpsServer::State::Serve(tcp::socket socket,
                                                std::string peer) {
  const Counted counted(connections, peer);
  Stream stream(beast::tcp_stream(std::move(socket)), tls);
  beast::get_lowest_layer(stream).expires_after(options.timeout);
  auto [error] =
      co_await stream.async_handshake(ssl::stream_base::server, kNoThrow);
  if (error) co_return;
  beast::flat_buffer buffer(kMaxHeaderBytes + kMaxKbsBytes);
  for (int i = 1; i <= kMaxRequests; ++i) {
    const bool more =
        co_await Exchange(stream, buffer, peer, i == kMaxRequests);
    if (!more) break;
  }
  beast::get_lowest_layer(stream).expires_after(kGoodbye);
  co_await stream.async_shutdown(kNoThrow);
}

// One request and its answer; whether another one may follow.
asio::awaitable<bool> HttpsServer::State::Exchange(Stream& stream,
                                                   beast::flat_buffer& buffer,
                                                   const std::string& peer,
                                                   bool last) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(kMaxHeaderBytes);
  parser.body_limit(kMaxKbsBytes);
  beast::get_lowest_layer(stream).expires_after(options.timeout);
  auto [error, size] =
      co_await http::async_read(stream, buffer, parser, kNoThrow);
  HttpResponse answer;
  bool keep = false;
  if (error) {
    auto refusal = AnswerTo(error);
    if (!refusal) co_return false;
    answer = *std::move(refusal);
  } else {
    keep = parser.get().keep_alive() && !last;
    answer = Answer(parser.release(), peer);
  }
  const auto response = ToBeast(std::move(answer), keep);
  beast::get_lowest_layer(stream).expires_after(options.timeout);
  auto [write_error, written] =
      co_await http::async_write(stream, response, kNoThrow);
  co_return keep && !write_error;
}

HttpResponse HttpsServer::State::Answer(
    http::request<http::string_body> request, const std::string& peer) const {
  try {
    return handler(FromBeast(std::move(request), peer));
  } catch (const std::exception&) {  // out of memory; nothing else throws
    return BadRequest(503, "unavailable", "the broker cannot answer now");
  }
}

HttpsServer::HttpsServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

Result<std::unique_ptr<HttpsServer>> HttpsServer::Start(
    const HttpsServerOptions& options, Handler handler) {
  auto state = std::make_unique<State>(options, std::move(handler));
  CMIF_TRY(SetUpTls(options, state->tls));
  CMIF_ASSIGN(std::string address, state->Listen());
  std::unique_ptr<HttpsServer> server(new HttpsServer(std::move(state)));
  server->address_ = std::move(address);
  State& started = *server->state_;
  asio::co_spawn(started.io, started.Accept(), asio::detached);
  for (size_t i = 0; i < options.threads; ++i) {
    started.threads.emplace_back([&started] { started.io.run(); });
  }
  return server;
}

HttpsServer::~HttpsServer() {
  state_->io.stop();
  for (std::thread& thread : state_->threads) thread.join();
}

}  // namespace cmif::broker
