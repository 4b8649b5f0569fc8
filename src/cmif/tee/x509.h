// SPDX-License-Identifier: Apache-2.0
// Certificates and revocation lists, by OpenSSL. Whatever is read may be
// hostile. All types are immutable and cheap to copy; concurrent use is fine.
#ifndef CMIF_TEE_X509_H_
#define CMIF_TEE_X509_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/public_key.h"
#include "cmif/tee/time.h"

// OpenSSL's types stay out of this header.
struct x509_st;
struct X509_crl_st;

namespace cmif::tee {

constexpr size_t kMaxCertificateBytes = 64 << 10;
constexpr size_t kMaxCertificates = 64;  // of one file
constexpr size_t kMaxCrlBytes = 4 << 20;

class Certificate {
 public:
  // One certificate in DER that takes all the bytes. DATA_LOSS if it is none,
  // or has no usable key or dates; RESOURCE_EXHAUSTED beyond
  // kMaxCertificateBytes.
  static Result<Certificate> FromDer(std::span<const uint8_t> der);

  const std::vector<uint8_t>& der() const { return der_; }
  const PublicKey& public_key() const { return key_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }
  // Common names in UTF-8; empty where there is not exactly one.
  const std::string& subject() const { return subject_; }
  const std::string& issuer() const { return issuer_; }
  // SubjectPublicKeyInfo in DER.
  std::vector<uint8_t> PublicKeyInfo() const;
  // The value of the extension with this dotted OID; none if it is absent or
  // occurs twice.
  std::optional<std::vector<uint8_t>> Extension(std::string_view oid) const;
  // Whether its signature verifies under its own key.
  bool IsSelfSigned() const;

 private:
  friend class Crl;
  friend Result<std::vector<Certificate>> BuildChain(
      const Certificate& leaf, std::span<const Certificate> intermediates,
      std::span<const Certificate> roots);
  Certificate(std::shared_ptr<x509_st> handle, PublicKey key);
  std::shared_ptr<x509_st> handle_;
  PublicKey key_;
  std::vector<uint8_t> der_;
  std::string subject_;
  std::string issuer_;
  Time not_before_;
  Time not_after_;
};

// All certificates of a PEM text, in order; other PEM blocks, and text between
// blocks, are passed over. DATA_LOSS: a broken block; RESOURCE_EXHAUSTED:
// more than kMaxCertificates. A NUL at the end is fine (Intel writes one).
Result<std::vector<Certificate>> CertificatesFromPem(std::string_view pem);

// The chain from `leaf` to one of `roots`, both included: names, CA flags and
// signatures are checked, with keys of at least 112 bits of strength; times
// and revocation are not. Only `roots` are trusted. At most two intermediates
// are used. UNAUTHENTICATED: no such chain.
Result<std::vector<Certificate>> BuildChain(
    const Certificate& leaf, std::span<const Certificate> intermediates,
    std::span<const Certificate> roots);

class Crl {
 public:
  // One list in DER that takes all the bytes. DATA_LOSS: it is none, or lacks
  // nextUpdate; RESOURCE_EXHAUSTED beyond kMaxCrlBytes.
  static Result<Crl> FromDer(std::span<const uint8_t> der);
  // The first "BEGIN X509 CRL" block of a PEM text.
  static Result<Crl> FromPem(std::string_view pem);

  Time this_update() const { return this_update_; }
  Time next_update() const { return next_update_; }
  const std::string& issuer() const { return issuer_; }
  // Whether `issuer` has the name of the list's issuer and signed the list.
  bool IsIssuedBy(const Certificate& issuer) const;
  // Whether the list names this certificate.
  bool Revokes(const Certificate& certificate) const;

 private:
  explicit Crl(std::shared_ptr<X509_crl_st> handle);
  std::shared_ptr<X509_crl_st> handle_;
  std::string issuer_;
  Time this_update_;
  Time next_update_;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_X509_H_
