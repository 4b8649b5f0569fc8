// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/keyed_random.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "cmif/base/secret_bytes.h"

namespace cmif::crypto {

KeyedRandom::KeyedRandom(const HashKey& key, std::span<const uint8_t> input)
    : key_(key), input_bytes_(input.size()) {
  if (input.size() > kMaxInputBytes) std::abort();  // a mistake of the caller
  std::memcpy(input_.data(), input.data(), input.size());
}

KeyedRandom::~KeyedRandom() {
  SecureWipe(input_.data(), input_.size());
  SecureWipe(words_.data(), sizeof(words_));
}

uint32_t KeyedRandom::Next32() {
  if (next_ == words_.size()) Refill();
  const uint32_t word = words_[next_];
  words_[next_++] = 0;
  return word;
}

void KeyedRandom::Refill() {
  if (block_ == std::numeric_limits<uint32_t>::max()) std::abort();
  std::memcpy(&input_[input_bytes_], &block_, sizeof(block_));
  ++block_;
  key_.Hash(std::span(input_).first(input_bytes_ + sizeof(block_)),
            HashKey::Output(reinterpret_cast<uint8_t*>(words_.data()),
                            HashKey::kBytes));
  next_ = 0;
}

}  // namespace cmif::crypto
