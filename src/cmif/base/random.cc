// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cmif/base/secret_bytes.h"

namespace cmif {

void FillRandom(RandomSource& random, std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    uint32_t word = random.Next32();
    const size_t part = std::min(bytes.size(), sizeof(word));
    std::memcpy(bytes.data(), &word, part);
    SecureWipe(&word, sizeof(word));
    bytes = bytes.subspan(part);
  }
}

OsRandom::~OsRandom() {
  SecureWipe(buffer_.data(), buffer_.size() * sizeof(uint32_t));
}

void OsRandom::Refill() {
  auto* out = reinterpret_cast<uint8_t*>(buffer_.data());
  size_t left = buffer_.size() * sizeof(uint32_t);
  while (left > 0) {
    const ssize_t got = getrandom(out, left, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();  // fail closed: no randomness, no privacy
    out += got;
    left -= static_cast<size_t>(got);
  }
  next_ = 0;
}

}  // namespace cmif
