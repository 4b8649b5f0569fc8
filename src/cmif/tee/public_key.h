// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_PUBLIC_KEY_H_
#define CMIF_TEE_PUBLIC_KEY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "cmif/base/status.h"

struct evp_pkey_st;  // OpenSSL's types stay out of this header

namespace cmif::tee {

// The two ways evidence is signed (FIPS 186-4).
enum class Ecdsa { kP256Sha256, kP384Sha384 };

// A key that signatures are checked with, by OpenSSL. Immutable and cheap to
// copy; concurrent use is fine.
class PublicKey {
 public:
  // An uncompressed point x||y, big-endian. DATA_LOSS: not on the curve.
  static Result<PublicKey> FromPoint(Ecdsa kind, std::span<const uint8_t> xy);

  // Whether `signature`, r||s big-endian with equal halves, is one of `data`
  // under this key. False too if the key is not on the curve of `kind`.
  bool Verifies(Ecdsa kind, std::span<const uint8_t> data,
                std::span<const uint8_t> signature) const;

 private:
  friend class Certificate;
  friend class Crl;
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_PUBLIC_KEY_H_
