// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/https_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "cmif/attest/clock.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/wire/address.h"

namespace cmif::broker {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using tcp = asio::ip::tcp;

class HttpsServerTest : public ::testing::Test {
 protected:
  HttpsServerTest() {
    const auto key = crypto::TlsKey::Generate();
    options_.listen = "127.0.0.1:0";
    options_.key = key.ToPem();
    options_.certificates =
        crypto::MakeSelfSigned(key, {.common_name = "test",
                                     .not_before = attest::Now() - 3600,
                                     .not_after = attest::Now() + 3600,
                                     .extensions = {}})
            .value();
    options_.timeout = std::chrono::milliseconds(500);
  }
  void Start() {
    auto server = HttpsServer::Start(options_, [](const HttpRequest& request) {
      return HttpResponse{.body = request.method + " " + request.path + " [" +
                                  request.body + "] " + request.cookie + " " +
                                  request.authorization};
    });
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
  }
  uint16_t Port() const {
    return wire::Address::Parse(server_->address())->port();
  }
  // What comes back for these bytes until the server closes; empty also where
  // it says nothing.
  std::string Send(const std::string& bytes, int tls_version = 0) {
    asio::io_context io;
    ssl::context tls(ssl::context::tls_client);
    if (tls_version != 0) {
      SSL_CTX_set_max_proto_version(tls.native_handle(), tls_version);
    }
    ssl::stream<tcp::socket> stream(io, tls);
    boost::system::error_code error;
    stream.next_layer().connect(
        tcp::endpoint(asio::ip::address_v4::loopback(), Port()), error);
    if (!error) stream.handshake(ssl::stream_base::client, error);
    if (!error) asio::write(stream, asio::buffer(bytes), error);
    std::string answer;
    if (!error) asio::read(stream, asio::dynamic_buffer(answer), error);
    return answer;
  }

  HttpsServerOptions options_;
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(HttpsServerTest, RequestsReachTheHandler) {
  Start();
  const std::string answer = Send(
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nCookie: k=v\r\n"
      "Authorization: Bearer t\r\n\r\nhi"
      "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("POST /a?b=c [hi] k=v Bearer t"));
  EXPECT_THAT(answer, HasSubstr("GET /next []"));
  EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store"));
}

TEST_F(HttpsServerTest, OlderTlsIsRefused) {
  Start();
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(Send(request, TLS1_3_VERSION), HasSubstr("200 OK"));
  EXPECT_EQ(Send(request, TLS1_2_VERSION), "");
}

TEST_F(HttpsServerTest, WhatIsTooLargeOrNoHttpIsRefused) {
  Start();
  EXPECT_THAT(Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"
                   "\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Send("GET / HTTP/1.1\r\nHost: x\r\nA: " +
                   std::string(20000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Send("no such thing\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

// A request that never ends does not keep its connection.
TEST_F(HttpsServerTest, SlowRequestsAreEnded) {
  Start();
  EXPECT_EQ(Send("GET / HTTP/1.1\r\nHost: x\r\n"), "");
}

TEST_F(HttpsServerTest, MoreConnectionsThanAllowedAreClosed) {
  options_.max_connections = 0;
  Start();
  EXPECT_EQ(Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "");
}

TEST_F(HttpsServerTest, OneAddressDoesNotTakeAllConnections) {
  options_.max_connections_of_peer = 1;
  options_.timeout = std::chrono::seconds(5);
  Start();
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  asio::io_context io;
  tcp::socket idle(io);
  idle.connect(tcp::endpoint(asio::ip::address_v4::loopback(), Port()));
  // Once the server has taken it.
  while (!Send(request).empty()) {
  }
  idle.close();
  while (Send(request).empty()) {
  }
}

TEST_F(HttpsServerTest, AThrowingHandlerIsAnError) {
  auto server =
      HttpsServer::Start(options_, [](const HttpRequest&) -> HttpResponse {
        throw std::runtime_error("x");
      });
  ASSERT_TRUE(server) << server.error().message();
  server_ = *std::move(server);
  EXPECT_THAT(Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpsServerTest, WrongOptionsAreNamed) {
  const auto code = [&] {
    return HttpsServer::Start(options_, {}).error().code();
  };
  Start();
  options_.listen = server_->address();
  EXPECT_EQ(code(), Code::kAlreadyExists);
  options_.listen = "no address";
  EXPECT_EQ(code(), Code::kInvalidArgument);
  options_.listen = "127.0.0.1:0";
  options_.key = crypto::TlsKey::Generate().ToPem();
  EXPECT_EQ(code(), Code::kInvalidArgument);
  options_.certificates = "none";
  EXPECT_EQ(code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::broker
