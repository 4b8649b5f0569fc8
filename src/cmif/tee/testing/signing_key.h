// SPDX-License-Identifier: Apache-2.0
// Keys of tests, which sign what the verifier checks.
#ifndef CMIF_TEE_TESTING_SIGNING_KEY_H_
#define CMIF_TEE_TESTING_SIGNING_KEY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/tee/public_key.h"

namespace cmif::tee::testing {

// A fresh private key. Ends the process if OpenSSL cannot make one.
class SigningKey {
 public:
  static SigningKey Ed25519();
  static SigningKey Ec(Ecdsa kind);

  // Ed25519: 64 bytes; EC: r||s, big-endian.
  std::vector<uint8_t> Sign(std::span<const uint8_t> data) const;
  std::string PublicPem() const;
  // EC: x||y, big-endian.
  std::vector<uint8_t> PublicPoint() const;
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  explicit SigningKey(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_SIGNING_KEY_H_
