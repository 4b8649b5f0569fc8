// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/tls_certificate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto {
namespace {

constexpr size_t kMaxCertificates = 16;
constexpr size_t kMaxPemBytes = 1 << 20;

using SharedX509 = std::shared_ptr<X509>;

std::unexpected<Status> Refused(std::string why) {
  return Fail(Code::kUnauthenticated, std::move(why));
}

// All certificates of a text, in order.
Result<std::vector<SharedX509>> ReadPem(std::string_view pem) {
  if (pem.size() > kMaxPemBytes) {
    return ResourceExhausted("certificates of more than 1 MiB");
  }
  const auto bio = ReadOnlyBio(AsBytes(pem));
  std::vector<SharedX509> read;
  while (true) {
    SharedX509 one(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr),
                   X509_free);
    if (one == nullptr) break;
    if (read.size() == kMaxCertificates) {
      ERR_clear_error();
      return ResourceExhausted("more than 16 certificates in one text");
    }
    read.push_back(std::move(one));
  }
  const auto reason = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  if (reason != PEM_R_NO_START_LINE) return DataLoss("a certificate is broken");
  return read;
}

std::string TimeText(int64_t seconds) {
  // Years that fmt can write; certificates end in 9999 at the latest.
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(seconds)));
}

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using X509Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

// The certificates stay their owners'.
X509Stack StackOf(const std::vector<SharedX509>& certificates) {
  X509Stack stack(sk_X509_new_null());
  for (const SharedX509& one : certificates) {
    if (stack) sk_X509_push(stack.get(), one.get());
  }
  return stack;
}

std::string WhyNoChain(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "a certificate of the peer or of its issuer has expired; renew it";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "a certificate of the peer or of its issuer is not valid yet; is "
             "a clock wrong?";
    case X509_V_ERR_INVALID_PURPOSE:
      return "the peer's certificate is not meant for this side of TLS (its "
             "extended key usage)";
    default:
      return fmt::format(
          "the peer's certificate is not one of the certificate authority's "
          "that was given ({})",
          X509_verify_cert_error_string(error));
  }
}

}  // namespace

Result<TlsCertificate> TlsCertificate::FromPem(std::string_view leaf,
                                               std::string_view others) {
  CMIF_ASSIGN(std::vector<SharedX509> first, ReadPem(leaf));
  CMIF_ASSIGN(std::vector<SharedX509> rest, ReadPem(others));
  if (first.empty()) return DataLoss("no certificate in PEM is in this text");
  TlsCertificate certificate;
  certificate.leaf_ = first[0];
  certificate.others_.assign(first.begin() + 1, first.end());
  certificate.others_.insert(certificate.others_.end(), rest.begin(),
                             rest.end());
  const auto begin = SecondsOf(X509_get0_notBefore(first[0].get()));
  const auto end = SecondsOf(X509_get0_notAfter(first[0].get()));
  ERR_clear_error();
  if (!begin || !end || X509_get0_pubkey(first[0].get()) == nullptr) {
    ERR_clear_error();
    return DataLoss("a certificate has no usable key or dates");
  }
  certificate.not_before_ = *begin;
  certificate.not_after_ = *end;
  return certificate;
}

std::vector<uint8_t> TlsCertificate::Der() const {
  return ToDer(i2d_X509, leaf_.get());
}

Digest TlsCertificate::key_sha256() const {
  return Sha256Of(ToDer(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(leaf_.get())));
}

bool TlsCertificate::IsOf(const TlsKey& key) const {
  const bool same = X509_check_private_key(leaf_.get(), key.handle()) == 1;
  ERR_clear_error();
  return same;
}

Result<void> TlsCertificate::CheckTime(int64_t now) const {
  if (now > not_after_) {
    return Refused(fmt::format("the certificate expired at {}; renew it",
                               TimeText(not_after_)));
  }
  if (now < not_before_) {
    return Refused(
        fmt::format("the certificate is valid from {} on; is a clock "
                    "wrong?",
                    TimeText(not_before_)));
  }
  return {};
}

Result<void> TlsCertificate::CheckHost(std::string_view host) const {
  const std::string name(host);
  X509* leaf = leaf_.get();
  const bool good =
      X509_check_ip_asc(leaf, name.c_str(), 0) == 1 ||
      X509_check_host(leaf, name.data(), name.size(),
                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
  ERR_clear_error();
  if (good) return {};
  return Refused(fmt::format(
      "the peer's certificate is not for '{}'; use the name that stands in it "
      "(its subject alternative names), or have one issued for this name",
      name));
}

Result<void> TlsCertificate::CheckIssuer(std::string_view roots, Use use,
                                         int64_t now) const {
  CMIF_ASSIGN(const std::vector<SharedX509> trusted, ReadPem(roots));
  if (trusted.empty()) return DataLoss("no certificate in PEM is in this text");
  const X509Stack trusted_stack = StackOf(trusted);
  const X509Stack others = StackOf(others_);
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(
      X509_STORE_CTX_new());
  if (!trusted_stack || !others || !context ||
      X509_STORE_CTX_init(context.get(), nullptr, leaf_.get(), others.get()) !=
          1) {
    return Internal("OpenSSL has no memory to check a chain");
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted_stack.get());
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, static_cast<std::time_t>(now));
  X509_VERIFY_PARAM_set_depth(param, 4);
  X509_VERIFY_PARAM_set_auth_level(param, 2);  // 112 bits of strength
  X509_VERIFY_PARAM_set_purpose(param, use == Use::kServer
                                           ? X509_PURPOSE_SSL_SERVER
                                           : X509_PURPOSE_SSL_CLIENT);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (good) return {};
  return Refused(WhyNoChain(X509_STORE_CTX_get_error(context.get())));
}

}  // namespace cmif::crypto
