// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_KEYED_RANDOM_H_
#define CMIF_CRYPTO_KEYED_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cmif/base/random.h"
#include "cmif/crypto/keyed_hash.h"

namespace cmif::crypto {

// Random words that are a function of a key and an input: the hashes of
// (input, 0), (input, 1), ..., eight words each, the counter a 32-bit number
// at the end. Uniform and independent of those for other inputs to whoever
// has not the key; the same again for the same key and input. Used words are
// overwritten at once, the rest when the source goes away. After 2^35 words
// the process ends. Not thread-safe.
class KeyedRandom final : public RandomSource {
 public:
  static constexpr size_t kMaxInputBytes = 60;

  // The key must outlive the source. Inputs under one key have one length, at
  // most kMaxInputBytes; a longer one ends the process.
  KeyedRandom(const HashKey& key, std::span<const uint8_t> input);
  ~KeyedRandom() override;
  KeyedRandom(const KeyedRandom&) = delete;
  KeyedRandom& operator=(const KeyedRandom&) = delete;

  uint32_t Next32() override;

 private:
  void Refill();

  const HashKey& key_;
  std::array<uint8_t, kMaxInputBytes + sizeof(uint32_t)> input_{};
  size_t input_bytes_;
  uint32_t block_ = 0;
  std::array<uint32_t, HashKey::kBytes / sizeof(uint32_t)> words_{};
  size_t next_ = words_.size();
};

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_KEYED_RANDOM_H_
