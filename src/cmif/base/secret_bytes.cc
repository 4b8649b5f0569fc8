// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/secret_bytes.h"

#include <string.h>  // explicit_bzero

#include <utility>

namespace cmif {

void SecureWipe(void* data, size_t size_bytes) {
  if (size_bytes > 0) explicit_bzero(data, size_bytes);
}

SecretBytes::SecretBytes(size_t size_bytes)
    : pages_(AllocateSecret(size_bytes)), size_(size_bytes) {}

SecretBytes::~SecretBytes() {
  SecureWipe(pages_.data, size_);
  FreeSecret(pages_);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : pages_(std::exchange(other.pages_, {})),
      size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace cmif
