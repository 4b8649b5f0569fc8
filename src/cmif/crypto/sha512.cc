// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sha512.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace cmif::crypto {
namespace {

template <size_t kBytes>
std::array<uint8_t, kBytes> HashOf(std::span<const uint8_t> bytes,
                                   const EVP_MD* algorithm) {
  std::array<uint8_t, kBytes> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm,
                 nullptr) != 1) {
    std::abort();
  }
  return digest;
}

}  // namespace

std::array<uint8_t, 64> Sha512Of(std::span<const uint8_t> bytes) {
  return HashOf<64>(bytes, EVP_sha512());
}

std::array<uint8_t, 48> Sha384Of(std::span<const uint8_t> bytes) {
  return HashOf<48>(bytes, EVP_sha384());
}

}  // namespace cmif::crypto
