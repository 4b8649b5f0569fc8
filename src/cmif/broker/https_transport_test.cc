// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/https_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "cmif/crypto/testing/test_ca.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/crypto/tls_key.h"

namespace cmif::broker {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ::testing::HasSubstr;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

// Speaks TLS 1.3 on a free port of 127.0.0.1 and gives every connection the
// same answer, until it goes away.
class TlsServer {
 public:
  TlsServer(const crypto::TlsKey& key, const std::string& certificate,
            std::string answer)
      : answer_(std::move(answer)),
        acceptor_(context_,
                  Tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    tls_.use_certificate_chain(asio::buffer(certificate));
    tls_.use_private_key(asio::buffer(key.ToPem()), asio::ssl::context::pem);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    ends_ = true;
    error_code ignored;
    asio::io_context own;
    Tcp::socket wake(own);
    wake.connect(acceptor_.local_endpoint(), ignored);
    wake.close(ignored);
    thread_.join();
  }

  std::string Url() const {
    return "https://127.0.0.1:" +
           std::to_string(acceptor_.local_endpoint().port());
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Serve() {
    while (!ends_) {
      error_code error;
      asio::ssl::stream<Tcp::socket> stream(context_, tls_);
      acceptor_.accept(stream.next_layer(), error);
      if (error || ends_) continue;
      stream.handshake(asio::ssl::stream_base::server, error);
      if (error) continue;
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      http::read(stream, buffer, request, error);
      if (error) continue;
      {
        const std::lock_guard lock(mutex_);
        std::ostringstream text;
        text << request;
        requests_.push_back(text.str());
      }
      asio::write(stream, asio::buffer(answer_), error);
      stream.shutdown(error);
    }
  }

  const std::string answer_;
  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tlsv13_server};
  Tcp::acceptor acceptor_;
  std::atomic<bool> ends_ = false;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

constexpr const char* kAnswer =
    "HTTP/1.1 200 OK\r\nSet-Cookie: kbs-session-id=abc; HttpOnly\r\n"
    "Content-Length: 4\r\n\r\ntext";

class HttpsTransportTest : public ::testing::Test {
 protected:
  Result<BrokerAnswer> Send(HttpsOptions options,
                            const BrokerRequest& request = {.path = "/x"}) {
    if (options.url.empty()) options.url = server_.Url();
    CMIF_ASSIGN(const auto transport, NewHttpsTransport(options));
    return transport->Send(request);
  }

  crypto::testing::TestCa ca_;
  crypto::TlsKey key_ = crypto::TlsKey::Generate();
  TlsServer server_{key_, ca_.Issue(key_), kAnswer};
};

TEST_F(HttpsTransportTest, PinnedKeyGivesTheAnswer) {
  const auto answer = Send(
      {.key = key_.sha256()},
      {.path = "/kbs/v0/attest", .body = "{}", .session = "s1", .token = "t1"});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "text");
  EXPECT_EQ(answer->session, "abc");
  EXPECT_EQ(answer->key, crypto::P256Key::FromPem(key_.ToPem())->public_key());
  ASSERT_EQ(server_.requests().size(), 1U);
  const std::string request = server_.requests()[0];
  EXPECT_THAT(request, HasSubstr("POST /kbs/v0/attest HTTP/1.1"));
  EXPECT_THAT(request, HasSubstr("kbs-session-id=s1"));
  EXPECT_THAT(request, HasSubstr("Bearer t1"));
}

TEST_F(HttpsTransportTest, AuthorityAndHostGiveTheAnswer) {
  EXPECT_TRUE(Send({.authority = ca_.pem()}));
  EXPECT_THAT(server_.requests()[0], HasSubstr("GET /x HTTP/1.1"));
}

TEST_F(HttpsTransportTest, WhoIsNotTheBrokerGetsNoRequest) {
  const HttpsOptions others[] = {
      {.key = crypto::Digest{1}},
      {.authority = crypto::testing::TestCa("other").pem()},
      {.key = crypto::Digest{1}, .authority = ca_.pem()}};
  for (const HttpsOptions& other : others) {
    const auto answer = Send(other);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Code::kUnauthenticated);
  }
  TlsServer elsewhere(key_, ca_.Issue(key_, {.names = "DNS:elsewhere"}),
                      kAnswer);
  const auto answer = Send({.url = elsewhere.Url(), .authority = ca_.pem()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kUnauthenticated);
  EXPECT_TRUE(server_.requests().empty());
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST_F(HttpsTransportTest, WhatIsNoAnswerIsUnavailable) {
  for (const char* const text : {"", "no HTTP\r\n\r\n"}) {
    TlsServer bad(key_, ca_.Issue(key_), text);
    const auto answer = Send({.url = bad.Url(), .key = key_.sha256()});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  }
}

TEST_F(HttpsTransportTest, NobodyThereIsUnavailable) {
  std::string url;
  {
    const TlsServer gone(key_, ca_.Issue(key_), kAnswer);
    url = gone.Url();
  }
  const auto answer = Send({.url = url, .key = key_.sha256()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
}

TEST_F(HttpsTransportTest, OptionsAreChecked) {
  const std::pair<HttpsOptions, const char*> cases[] = {
      {{.url = "http://a:1", .key = crypto::Digest{}}, "https://"},
      {{.url = "https://a", .key = crypto::Digest{}}, "--broker"},
      {{.url = "https://a:1/path", .key = crypto::Digest{}}, "--broker"},
      {{.url = "https://a:1"}, "--broker-key"},
      {{.url = "https://a:1", .authority = "no PEM"}, "--broker-ca"}};
  for (const auto& [options, why] : cases) {
    const auto made = NewHttpsTransport(options);
    ASSERT_FALSE(made) << options.url;
    EXPECT_EQ(made.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(made.error().message(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace cmif::broker
