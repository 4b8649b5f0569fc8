// SPDX-License-Identifier: Apache-2.0
// Certificates as the two sides of TLS use them. Times are seconds since
// 1970-01-01T00:00:00Z; nothing here reads a clock.
#ifndef CMIF_CRYPTO_TLS_CERTIFICATE_H_
#define CMIF_CRYPTO_TLS_CERTIFICATE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/crypto/tls_key.h"

struct x509_st;  // OpenSSL's types stay out of this header

namespace cmif::crypto {

// A certificate, its own first, with those that came with it. Whatever is read
// may be hostile. Immutable, cheap to copy and thread-safe.
class TlsCertificate {
 public:
  // What the holder of a certificate is to its peer.
  enum class Use { kServer, kClient };

  // The first certificate of `leaf`; all others of both texts may help to find
  // the issuer. DATA_LOSS: none, or broken; RESOURCE_EXHAUSTED: more than 16
  // certificates or 1 MiB.
  static Result<TlsCertificate> FromPem(std::string_view leaf,
                                        std::string_view others = {});

  std::vector<uint8_t> Der() const;
  // The SHA-256 of the SubjectPublicKeyInfo.
  Digest key_sha256() const;
  int64_t not_before() const { return not_before_; }
  int64_t not_after() const { return not_after_; }
  // Whether it is about this key.
  bool IsOf(const TlsKey& key) const;

  // UNAUTHENTICATED, with what to do: expired, or not valid yet.
  Result<void> CheckTime(int64_t now) const;
  // UNAUTHENTICATED: the certificate is not for this DNS name or IP address (no
  // brackets).
  Result<void> CheckHost(std::string_view host) const;
  // UNAUTHENTICATED: no chain to one of the certificates of `roots` (PEM) that
  // is valid at `now` and allows this use; DATA_LOSS: no certificates in it.
  Result<void> CheckIssuer(std::string_view roots, Use use, int64_t now) const;

 private:
  TlsCertificate() = default;
  std::shared_ptr<x509_st> leaf_;
  std::vector<std::shared_ptr<x509_st>> others_;
  int64_t not_before_ = 0;
  int64_t not_after_ = 0;
};

// What a certificate that a process signs for itself says.
struct SelfSignedSpec {
  std::string common_name = {};
  int64_t not_before = 0;
  int64_t not_after = 0;
  // Dotted OIDs and values in DER; none is critical.
  std::vector<std::pair<std::string, std::vector<uint8_t>>> extensions = {};
};

// In PEM, with a random serial number. INVALID_ARGUMENT: an OID, a name or a
// time that cannot be written.
Result<std::string> MakeSelfSigned(const TlsKey& key,
                                   const SelfSignedSpec& spec);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_TLS_CERTIFICATE_H_
