// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sha512.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace cmif::crypto {

std::array<uint8_t, 64> Sha512Of(std::span<const uint8_t> bytes) {
  std::array<uint8_t, 64> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr,
                 EVP_sha512(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

}  // namespace cmif::crypto
