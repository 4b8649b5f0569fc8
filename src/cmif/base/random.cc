// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "cmif/base/secret_bytes.h"

namespace cmif {

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
