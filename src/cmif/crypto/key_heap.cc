// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/key_heap.h"

#include <openssl/crypto.h>

#include <cstddef>

namespace cmif::crypto {
namespace {

// OpenSSL does not fall back to the ordinary heap when this one is full, and a
// handshake that waits holds a key of 32 bytes or two: room for some 16,000.
constexpr size_t kBytes = size_t{1} << 20;
constexpr size_t kSmallest = 32;

}  // namespace

bool StartKeyHeap() {
  static const bool locked = CRYPTO_secure_malloc_init(kBytes, kSmallest) == 1;
  return locked;
}

}  // namespace cmif::crypto
