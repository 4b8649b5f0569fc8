// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_TLS_KEY_H_
#define CMIF_CRYPTO_TLS_KEY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

struct evp_pkey_st;  // OpenSSL's types stay out of this header

namespace cmif::crypto {

// A private key that a side of TLS proves its identity with: ECDSA over P-256
// or P-384, or Ed25519. Immutable, cheap to copy and thread-safe.
class TlsKey {
 public:
  // An unencrypted private key in PEM. INVALID_ARGUMENT: anything else. The
  // message does not quote the PEM.
  static Result<TlsKey> FromPem(std::string_view pem);
  // A fresh P-256 key, which nobody else has unless ToPem() is passed on.
  static TlsKey Generate();

  // PKCS #8, unencrypted: a secret, to be wiped by who asked for it.
  std::string ToPem() const;
  // SubjectPublicKeyInfo in DER, and its SHA-256: what a peer pins.
  std::vector<uint8_t> PublicKeyInfo() const;
  Digest sha256() const { return Sha256Of(PublicKeyInfo()); }

  evp_pkey_st* handle() const { return key_.get(); }

 private:
  explicit TlsKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_TLS_KEY_H_
