// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_ED25519_H_
#define CMIF_CRYPTO_ED25519_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::crypto {

// Signatures of RFC 8032 by OpenSSL. Keys are PEM files as `openssl genpkey
// -algorithm ed25519` and `openssl pkey -pubout` write them.
using Ed25519Signature = std::array<uint8_t, 64>;
using Ed25519PublicKey = std::array<uint8_t, 32>;

class Ed25519Signer {
 public:
  // INVALID_ARGUMENT: not an unencrypted Ed25519 private key. The message does
  // not quote the PEM.
  static Result<Ed25519Signer> FromPem(std::string_view pem);
  static Ed25519Signer Generate();
  ~Ed25519Signer();
  Ed25519Signer(Ed25519Signer&&) noexcept;
  Ed25519Signer& operator=(Ed25519Signer&&) noexcept;

  Ed25519PublicKey public_key() const;
  Ed25519Signature Sign(std::span<const uint8_t> message) const;

 private:
  struct Key;
  explicit Ed25519Signer(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
};

// INVALID_ARGUMENT: not an Ed25519 public key.
Result<Ed25519PublicKey> Ed25519PublicKeyFromPem(std::string_view pem);

bool VerifyEd25519(const Ed25519PublicKey& key,
                   std::span<const uint8_t> message,
                   const Ed25519Signature& signature);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_ED25519_H_
