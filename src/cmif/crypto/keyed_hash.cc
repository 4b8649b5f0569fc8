// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/keyed_hash.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cmif/base/secret_bytes.h"

namespace cmif::crypto {
namespace {

static_assert(HashKey::kBytes == crypto_generichash_KEYBYTES);
static_assert(HashKey::kBytes == crypto_generichash_BYTES);

// Chooses the implementation for this processor; fail closed without one.
void StartSodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

}  // namespace

HashKey HashKey::FromRandom(RandomSource& random) {
  StartSodium();
  HashKey key;
  FillRandom(random, key.bytes_);
  return key;
}

HashKey::~HashKey() { SecureWipe(bytes_.data(), kBytes); }

HashKey::HashKey(HashKey&& other) noexcept : bytes_(other.bytes_) {
  SecureWipe(other.bytes_.data(), kBytes);
}

HashKey& HashKey::operator=(HashKey&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  SecureWipe(other.bytes_.data(), kBytes);
  return *this;
}

void HashKey::Hash(std::span<const uint8_t> input, Output output) const {
  if (crypto_generichash(output.data(), output.size(), input.data(),
                         input.size(), bytes_.data(), kBytes) != 0) {
    std::abort();
  }
}

HashKey HashKey::Derive(std::span<const uint8_t> input) const {
  HashKey key;
  Hash(input, key.bytes_);
  return key;
}

}  // namespace cmif::crypto
