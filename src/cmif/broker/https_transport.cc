// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/https_transport.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <exception>
#include <utility>

#include "cmif/attest/clock.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/wire/address.h"

namespace cmif::broker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view kScheme = "https://";
// Beyond it no answer is read: a release log may be long.
constexpr uint64_t kMaxAnswerBytes = 16 << 20;

std::string PemOf(X509* certificate) {
  BIO* const memory = BIO_new(BIO_s_mem());
  std::string text;
  if (memory != nullptr && PEM_write_bio_X509(memory, certificate) == 1) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory, &data);
    text.assign(data, static_cast<size_t>(size));
  }
  BIO_free(memory);
  return text;
}

Result<crypto::P256PublicKey> KeyOf(X509* certificate) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  std::array<uint8_t, 256> point{};
  size_t size = 0;
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
                                      point.data(), point.size(), &size) != 1 ||
      size != 65 || point[0] != 4) {
    return Fail(Code::kUnauthenticated,
                "the key broker's key is not of P-256: is this its address?");
  }
  return crypto::P256PublicKey::FromPoint(std::span(point).subspan(1, 64));
}

// One connection, for one request.
class Exchange {
 public:
  Exchange(const HttpsOptions& options, const wire::Address& address,
           asio::ssl::context& tls)
      : options_(options), address_(address), stream_(context_, tls) {}

  Result<BrokerAnswer> Run(const BrokerRequest& request) {
    CMIF_TRY(Connect());
    CMIF_ASSIGN(crypto::P256PublicKey key, CheckPeer());
    CMIF_TRY(Write(request));
    return Read(std::move(key));
  }

 private:
  // Runs what was started until its handler has set error_, which a timeout of
  // the stream's makes sure of.
  Result<void> Finish(const char* step) {
    context_.restart();
    context_.run();
    if (!error_) return {};
    return Unavailable(
        fmt::format("the key broker {} cannot be reached ({}: {})",
                    address_.ToString(), step, error_.message()));
  }
  auto Done() {
    return [this](const error_code& error, const auto&...) { error_ = error; };
  }
  void SetTimeout() {
    beast::get_lowest_layer(stream_).expires_after(options_.timeout);
  }

  Result<void> Connect() {
    Tcp::resolver resolver(context_);
    const auto found = resolver.resolve(
        address_.host(), std::to_string(address_.port()), error_);
    CMIF_TRY(Finish("name"));
    SetTimeout();
    beast::get_lowest_layer(stream_).async_connect(found, Done());
    CMIF_TRY(Finish("connection"));
    SSL_set_tlsext_host_name(stream_.native_handle(), address_.host().c_str());
    SetTimeout();
    stream_.async_handshake(asio::ssl::stream_base::client, Done());
    return Finish("TLS");
  }

  // Nothing was sent before.
  Result<crypto::P256PublicKey> CheckPeer() {
    const std::unique_ptr<X509, decltype(&X509_free)> leaf(
        SSL_get1_peer_certificate(stream_.native_handle()), X509_free);
    if (!leaf) {
      return Fail(Code::kUnauthenticated, "the key broker has no certificate");
    }
    std::string others;
    const STACK_OF(X509)* const chain =
        SSL_get_peer_cert_chain(stream_.native_handle());
    for (int i = 1; i < sk_X509_num(chain); ++i) {
      others += PemOf(sk_X509_value(chain, i));
    }
    CMIF_ASSIGN(const auto certificate,
                crypto::TlsCertificate::FromPem(PemOf(leaf.get()), others));
    if (options_.key && certificate.key_sha256() != *options_.key) {
      return Fail(Code::kUnauthenticated,
                  "the key broker has another key than --broker-key says; was "
                  "it replaced?");
    }
    if (!options_.authority.empty()) CMIF_TRY(CheckAuthority(certificate));
    return KeyOf(leaf.get());
  }

  Result<void> CheckAuthority(const crypto::TlsCertificate& certificate) {
    const int64_t now = attest::Now();
    CMIF_TRY(certificate.CheckTime(now));
    CMIF_TRY(certificate.CheckHost(address_.host()));
    return certificate.CheckIssuer(options_.authority,
                                   crypto::TlsCertificate::Use::kServer, now);
  }

  Result<void> Write(const BrokerRequest& from) {
    http::request<http::string_body> request(
        from.body.empty() ? http::verb::get : http::verb::post, from.path, 11);
    request.set(http::field::host, address_.ToString());
    request.set(http::field::connection, "close");
    if (!from.session.empty()) {
      request.set(http::field::cookie,
                  fmt::format("{}={}", kSessionCookie, from.session));
    }
    if (!from.token.empty()) {
      request.set(http::field::authorization, "Bearer " + from.token);
    }
    if (!from.body.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = from.body;
    }
    request.prepare_payload();
    SetTimeout();
    http::async_write(stream_, request, Done());
    return Finish("request");
  }

  Result<BrokerAnswer> Read(crypto::P256PublicKey key) {
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMaxAnswerBytes);
    SetTimeout();
    http::async_read(stream_, buffer, parser, Done());
    CMIF_TRY(Finish("answer"));
    auto& answer = parser.get();
    return BrokerAnswer{.status = static_cast<int>(answer.result_int()),
                        .body = std::move(answer.body()),
                        .session = SessionOf(answer[http::field::set_cookie]),
                        .key = std::move(key)};
  }

  // The value of the cookie; "" where it is another one.
  static std::string SessionOf(std::string_view cookie) {
    const std::string name = std::string(kSessionCookie) + "=";
    if (!cookie.starts_with(name)) return {};
    cookie.remove_prefix(name.size());
    return std::string(cookie.substr(0, cookie.find(';')));
  }

  const HttpsOptions& options_;
  const wire::Address& address_;
  asio::io_context context_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  error_code error_;
};

class HttpsTransport final : public BrokerTransport {
 public:
  HttpsTransport(HttpsOptions options, wire::Address address)
      : options_(std::move(options)), address_(std::move(address)) {}

  Result<BrokerAnswer> Send(const BrokerRequest& request) override {
    // Asio throws where memory or descriptors are short.
    try {
      asio::ssl::context tls(asio::ssl::context::tls_client);
      SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_3_VERSION);
      // Judged once the handshake is done, before anything is sent.
      tls.set_verify_mode(asio::ssl::verify_none);
      return Exchange(options_, address_, tls).Run(request);
    } catch (const std::exception& error) {
      return Unavailable(
          fmt::format("the key broker cannot be asked: {}", error.what()));
    }
  }

 private:
  const HttpsOptions options_;
  const wire::Address address_;
};

}  // namespace

Result<std::unique_ptr<BrokerTransport>> NewHttpsTransport(
    const HttpsOptions& options) {
  std::string_view address = options.url;
  if (!address.starts_with(kScheme)) {
    return InvalidArgument("--broker takes https://HOST:PORT");
  }
  address.remove_prefix(kScheme.size());
  if (address.ends_with('/')) address.remove_suffix(1);
  auto parsed = wire::Address::Parse(address);
  if (!parsed) return std::unexpected(parsed.error().At("--broker"));
  if (!options.key && options.authority.empty()) {
    return InvalidArgument(
        "--broker needs --broker-key (the hash that cmif broker prints) or "
        "--broker-ca: without them anyone could be the broker");
  }
  if (!options.authority.empty()) {
    const auto read = crypto::TlsCertificate::FromPem(options.authority);
    if (!read) return InvalidArgument("--broker-ca: " + read.error().message());
  }
  return std::make_unique<HttpsTransport>(options, *std::move(parsed));
}

}  // namespace cmif::broker
