// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BASE_SECRET_BYTES_H_
#define CMIF_BASE_SECRET_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "cmif/base/secret_memory.h"

namespace cmif {

// Overwrites memory in a way that the compiler does not remove.
void SecureWipe(void* data, size_t size_bytes);

// A buffer of fixed size in pages for secrets (secret_memory.h: what they
// cost), zeroed, and wiped when it goes away: key material, the embedding
// table. Move-only, does not print. A process that forks must not touch it in
// the child, where it faults or is empty. Not thread-safe for writing;
// concurrent reads are fine.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size_bytes);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  size_t size() const { return size_; }
  std::span<uint8_t> bytes() { return {pages_.data, size_}; }
  std::span<const uint8_t> bytes() const { return {pages_.data, size_}; }

 private:
  SecretPages pages_;
  size_t size_ = 0;
};

}  // namespace cmif

#endif  // CMIF_BASE_SECRET_BYTES_H_
