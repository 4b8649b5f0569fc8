// SPDX-License-Identifier: Apache-2.0
// What .cc files of this room and of tee share of OpenSSL's ways.
#ifndef CMIF_CRYPTO_OPENSSL_INL_H_
#define CMIF_CRYPTO_OPENSSL_INL_H_

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <climits>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

constexpr size_t kMaxKeyPemBytes = 16384;

// An unencrypted private key in PEM, of any kind; null for anything else. What
// OpenSSL noted of a text that it could not read stays in its queue.
inline Owned<EVP_PKEY, EVP_PKEY_free> ReadPrivateKey(std::string_view pem) {
  if (pem.empty() || pem.size() > kMaxKeyPemBytes) return nullptr;
  const auto bio = ReadOnlyBio(AsBytes(pem));
  return Owned<EVP_PKEY, EVP_PKEY_free>(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
}

// What was written to a BIO in memory.
inline std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(size)};
}

// Seconds since 1970-01-01T00:00:00Z; none if it is absent or no time.
inline std::optional<int64_t> SecondsOf(const ASN1_TIME* time) {
  constexpr int64_t kSecondsPerDay = 86400;
  const Owned<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (time == nullptr || epoch == nullptr ||
      ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
    return std::nullopt;
  }
  return days * kSecondsPerDay + seconds;
}

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
