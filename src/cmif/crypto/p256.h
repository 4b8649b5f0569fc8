// SPDX-License-Identifier: Apache-2.0
// Keys on the curve P-256 as JOSE uses them: agreement and ES256.
#ifndef CMIF_CRYPTO_P256_H_
#define CMIF_CRYPTO_P256_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

struct evp_pkey_st;  // OpenSSL's types stay out of this header

namespace cmif::crypto {

// r||s, big-endian (RFC 7518, section 3.4).
using Es256Signature = std::array<uint8_t, 64>;

// A public key. Immutable, cheap to copy and thread-safe.
class P256PublicKey {
 public:
  // x and y, big-endian. INVALID_ARGUMENT: not a point of the curve.
  static Result<P256PublicKey> FromPoint(std::span<const uint8_t> xy);
  // A JSON Web Key (RFC 7517) of kty "EC" and crv "P-256"; other members are
  // passed over. INVALID_ARGUMENT: anything else.
  static Result<P256PublicKey> FromJwk(std::string_view json);

  const std::array<uint8_t, 64>& point() const { return point_; }
  // Members crv, kty, x and y in canonical form; with `alg` that one too.
  std::string ToJwk(std::string_view alg = {}) const;
  // RFC 7638: the SHA-256 of the key's four members.
  Digest Thumbprint() const;
  bool Verifies(std::span<const uint8_t> message,
                const Es256Signature& signature) const;
  bool operator==(const P256PublicKey& other) const {
    return point_ == other.point_;
  }

 private:
  friend class P256Key;
  P256PublicKey() = default;
  std::array<uint8_t, 64> point_{};
  std::shared_ptr<evp_pkey_st> key_;
};

// A private key. Immutable, cheap to copy and thread-safe; OpenSSL wipes it.
class P256Key {
 public:
  static P256Key Generate();
  // An unencrypted private key in PEM. INVALID_ARGUMENT: anything else.
  static Result<P256Key> FromPem(std::string_view pem);

  const P256PublicKey& public_key() const { return public_; }
  Es256Signature Sign(std::span<const uint8_t> message) const;
  // The x coordinate that both sides get (ECDH): 32 bytes.
  Result<SecretBytes> Agree(const P256PublicKey& peer) const;

 private:
  P256Key() = default;
  static Result<P256Key> FromHandle(std::shared_ptr<evp_pkey_st> key);
  std::shared_ptr<evp_pkey_st> key_;
  P256PublicKey public_;
};

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_P256_H_
