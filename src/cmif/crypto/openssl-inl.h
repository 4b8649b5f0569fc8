// SPDX-License-Identifier: Apache-2.0
// What .cc files of this room and of tee share of OpenSSL's ways.
#ifndef CMIF_CRYPTO_OPENSSL_INL_H_
#define CMIF_CRYPTO_OPENSSL_INL_H_

#include <openssl/bio.h>
#include <openssl/err.h>

#include <climits>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::crypto {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
// An object of OpenSSL with the function that frees it.
template <typename T, auto kFree>
using Owned = std::unique_ptr<T, Freer<kFree>>;

// The bytes must outlive it. Null for more than 2 GiB.
inline Owned<BIO, BIO_free_all> ReadOnlyBio(std::span<const uint8_t> bytes) {
  if (bytes.size() > INT_MAX) return nullptr;
  return Owned<BIO, BIO_free_all>(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// The callback of PEM readers: encrypted blocks are not opened.
inline int NoPassword(char*, int, int, void*) { return -1; }

// DER by one of the i2d_ functions; empty if it fails.
template <typename Encode, typename T>
std::vector<uint8_t> ToDer(Encode encode, const T* object) {
  uint8_t* out = nullptr;
  const int size = encode(object, &out);
  if (size <= 0) return {};
  std::vector<uint8_t> der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_OPENSSL_INL_H_
