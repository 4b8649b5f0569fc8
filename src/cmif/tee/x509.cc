// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/x509.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"
#include "cmif/tee/asn1_time-inl.h"

namespace cmif::tee {
namespace {

// sk_X509_pop_free and its kind are macros.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
struct FreeStackAndAll {
  void operator()(STACK_OF(X509) * stack) const {
    sk_X509_pop_free(stack, X509_free);
  }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

// The one common name; empty if there are none or several, or it is no text.
std::string CommonName(const X509_NAME* name) {
  const int first = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (first < 0 ||
      X509_NAME_get_index_by_NID(name, NID_commonName, first) >= 0) {
    return {};
  }
  uint8_t* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(
      &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8),
                   static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

// Reads one object of a d2i_ function that takes all of `der`.
template <typename T, auto kFree, typename Decode>
std::shared_ptr<T> FromWholeDer(Decode decode, std::span<const uint8_t> der) {
  const uint8_t* at = der.data();
  crypto::Owned<T, kFree> object(
      decode(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (object == nullptr || at != der.data() + der.size()) return nullptr;
  return {object.release(), kFree};
}

}  // namespace

Certificate::Certificate(std::shared_ptr<x509_st> handle, PublicKey key)
    : handle_(std::move(handle)), key_(std::move(key)) {}

Result<Certificate> Certificate::FromDer(std::span<const uint8_t> der) {
  if (der.size() > kMaxCertificateBytes) {
    return ResourceExhausted("a certificate has more than 64 KiB");
  }
  auto handle = FromWholeDer<X509, X509_free>(d2i_X509, der);
  if (handle == nullptr) return DataLoss("this is no certificate in DER");
  const auto not_before = FromAsn1Time(X509_get0_notBefore(handle.get()));
  const auto not_after = FromAsn1Time(X509_get0_notAfter(handle.get()));
  EVP_PKEY* key = X509_get_pubkey(handle.get());
  ERR_clear_error();
  if (key == nullptr || !not_before || !not_after) {
    EVP_PKEY_free(key);
    return DataLoss("a certificate has no usable key or dates");
  }
  Certificate certificate(
      std::move(handle),
      PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free)));
  certificate.der_.assign(der.begin(), der.end());
  X509* raw = certificate.handle_.get();
  certificate.subject_ = CommonName(X509_get_subject_name(raw));
  certificate.issuer_ = CommonName(X509_get_issuer_name(raw));
  certificate.not_before_ = *not_before;
  certificate.not_after_ = *not_after;
  return certificate;
}

std::vector<uint8_t> Certificate::PublicKeyInfo() const {
  return crypto::ToDer(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(handle_.get()));
}

std::optional<std::vector<uint8_t>> Certificate::Extension(
    std::string_view oid) const {
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
      OBJ_txt2obj(std::string(oid).c_str(), /*no_name=*/1));
  if (object == nullptr) return std::nullopt;
  const int index = X509_get_ext_by_OBJ(handle_.get(), object.get(), -1);
  if (index < 0 ||
      X509_get_ext_by_OBJ(handle_.get(), object.get(), index) >= 0) {
    return std::nullopt;
  }
  const ASN1_OCTET_STRING* value =
      X509_EXTENSION_get_data(X509_get_ext(handle_.get(), index));
  const uint8_t* data = ASN1_STRING_get0_data(value);
  return std::vector<uint8_t>(data, data + ASN1_STRING_length(value));
}

bool Certificate::IsSelfSigned() const {
  const bool good = X509_verify(handle_.get(), key_.key_.get()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::vector<Certificate>> CertificatesFromPem(std::string_view pem) {
  while (pem.ends_with('\0')) pem.remove_suffix(1);
  const auto bio = crypto::ReadOnlyBio(AsBytes(pem));
  std::vector<Certificate> certificates;
  while (bio != nullptr) {
    char* name = nullptr;
    char* header = nullptr;
    uint8_t* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) break;
    const bool wanted = std::string_view(name) == PEM_STRING_X509;
    const std::vector<uint8_t> der(data, data + size);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (!wanted) continue;
    if (certificates.size() == kMaxCertificates) {
      return ResourceExhausted("a PEM text has more than 64 certificates");
    }
    CMIF_ASSIGN(Certificate one, Certificate::FromDer(der));
    certificates.push_back(std::move(one));
  }
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (bio == nullptr || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return DataLoss("a PEM block is broken");
  }
  return certificates;
}

Result<std::vector<Certificate>> BuildChain(
    const Certificate& leaf, std::span<const Certificate> intermediates,
    std::span<const Certificate> roots) {
  const Stack untrusted(sk_X509_new_null());
  const Stack trusted(sk_X509_new_null());
  const crypto::Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(
      X509_STORE_CTX_new());
  if (!untrusted || !trusted || !context ||
      X509_STORE_CTX_init(context.get(), nullptr, leaf.handle_.get(),
                          untrusted.get()) != 1) {
    return Internal("OpenSSL has no memory to check a chain");
  }
  for (const Certificate& one : intermediates) {
    sk_X509_push(untrusted.get(), one.handle_.get());
  }
  for (const Certificate& one : roots) {
    sk_X509_push(trusted.get(), one.handle_.get());
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
  X509_VERIFY_PARAM_set_depth(param, 2);
  X509_VERIFY_PARAM_set_auth_level(param, 2);  // 112 bits of strength
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!good) {
    return Fail(
        Code::kUnauthenticated,
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  const std::unique_ptr<STACK_OF(X509), FreeStackAndAll> found(
      X509_STORE_CTX_get1_chain(context.get()));
  std::vector<Certificate> chain;
  for (int i = 0; i < sk_X509_num(found.get()); ++i) {
    CMIF_ASSIGN(Certificate one, Certificate::FromDer(crypto::ToDer(
                                     i2d_X509, sk_X509_value(found.get(), i))));
    chain.push_back(std::move(one));
  }
  return chain;
}

Crl::Crl(std::shared_ptr<X509_crl_st> handle) : handle_(std::move(handle)) {}

Result<Crl> Crl::FromDer(std::span<const uint8_t> der) {
  if (der.size() > kMaxCrlBytes) {
    return ResourceExhausted("a revocation list has more than 4 MiB");
  }
  auto handle = FromWholeDer<X509_CRL, X509_CRL_free>(d2i_X509_CRL, der);
  if (handle == nullptr) return DataLoss("this is no revocation list in DER");
  const auto last = FromAsn1Time(X509_CRL_get0_lastUpdate(handle.get()));
  const auto next = FromAsn1Time(X509_CRL_get0_nextUpdate(handle.get()));
  if (!last || !next) {
    return DataLoss("a revocation list does not say when it is from and ends");
  }
  Crl crl(std::move(handle));
  crl.issuer_ = CommonName(X509_CRL_get_issuer(crl.handle_.get()));
  crl.this_update_ = *last;
  crl.next_update_ = *next;
  return crl;
}

Result<Crl> Crl::FromPem(std::string_view pem) {
  const auto bio = crypto::ReadOnlyBio(AsBytes(pem));
  const crypto::Owned<X509_CRL, X509_CRL_free> crl(
      bio == nullptr ? nullptr
                     : PEM_read_bio_X509_CRL(bio.get(), nullptr,
                                             crypto::NoPassword, nullptr));
  ERR_clear_error();
  if (crl == nullptr) return DataLoss("this is no revocation list in PEM");
  return FromDer(crypto::ToDer(i2d_X509_CRL, crl.get()));
}

bool Crl::IsIssuedBy(const Certificate& issuer) const {
  const bool good =
      X509_NAME_cmp(X509_CRL_get_issuer(handle_.get()),
                    X509_get_subject_name(issuer.handle_.get())) == 0 &&
      X509_CRL_verify(handle_.get(), issuer.key_.key_.get()) == 1;
  ERR_clear_error();
  return good;
}

bool Crl::Revokes(const Certificate& certificate) const {
  X509_REVOKED* entry = nullptr;
  // 2: on hold and removed again (RFC 5280 5.3.1).
  return X509_CRL_get0_by_cert(handle_.get(), &entry,
                               certificate.handle_.get()) == 1;
}

}  // namespace cmif::tee
