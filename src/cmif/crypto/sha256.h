// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_SHA256_H_
#define CMIF_CRYPTO_SHA256_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::crypto {

using Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4) of data that comes in pieces, by OpenSSL. A process
// whose OpenSSL cannot hash (no memory, no provider) ends: a wrong hash is not
// a way to go on. Not thread-safe. A moved-from object may only be destroyed
// or assigned to.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::span<const uint8_t> bytes);

  // The hash of all the bytes since construction or the last Finish(); the
  // object then starts anew.
  Digest Finish();

 private:
  struct Context;  // keeps OpenSSL's types out of this header
  std::unique_ptr<Context> context_;
};

// The hash of bytes that lie in memory.
Digest Sha256Of(std::span<const uint8_t> bytes);

// Lower-case hexadecimal, two digits a byte.
std::string ToHex(std::span<const uint8_t> bytes);

// Reads upper- or lower-case digits. INVALID_ARGUMENT: an odd number of
// characters, or one that is no digit (its place is named, not the character).
Result<std::vector<uint8_t>> FromHex(std::string_view hex);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_SHA256_H_
