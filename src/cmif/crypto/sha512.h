// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_SHA512_H_
#define CMIF_CRYPTO_SHA512_H_

#include <array>
#include <cstdint>
#include <span>

namespace cmif::crypto {

// SHA-512 (FIPS 180-4) of bytes that lie in memory, by OpenSSL; a process whose
// OpenSSL cannot hash ends.
std::array<uint8_t, 64> Sha512Of(std::span<const uint8_t> bytes);
// SHA-384, likewise.
std::array<uint8_t, 48> Sha384Of(std::span<const uint8_t> bytes);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_SHA512_H_
