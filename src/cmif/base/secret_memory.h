// SPDX-License-Identifier: Apache-2.0
// Pages for secrets, as well kept from swap, dumps and children as the kernel
// grants. docs/hardening.md.
#ifndef CMIF_BASE_SECRET_MEMORY_H_
#define CMIF_BASE_SECRET_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace cmif {

enum class SecretKind : uint8_t {
  kHeap,      // no pages were to be had
  kPages,     // not dumped, wiped in children, but may be swapped
  kLocked,    // the same, never swapped
  kUnmapped,  // memfd_secret: not in the kernel's own map either
};

// A mapping that belongs to whoever asked for it, zeroed, with a page on both
// sides that nobody may touch. The data ends at most 63 bytes before the second
// one.
struct SecretPages {
  uint8_t* data = nullptr;  // aligned to 64 bytes
  void* mapping = nullptr;  // null: heap
  size_t mapping_bytes = 0;
  SecretKind kind = SecretKind::kHeap;
};

// Up to kMaxUnmappedBytes are taken out of the kernel's map where it can do so;
// larger ones use huge pages, and are locked as long as they leave half of what
// the process may lock to the small ones. Never fails but by std::bad_alloc.
// Some 40 us for a small one: not for every word. Thread-safe.
inline constexpr size_t kMaxUnmappedBytes = 65536;
SecretPages AllocateSecret(size_t size_bytes);
// Does not wipe: SecretBytes does.
void FreeSecret(const SecretPages& pages);

// How memory for so many bytes of secrets would be kept now: tries it.
SecretKind ProbeSecretMemory(size_t size_bytes);

}  // namespace cmif

#endif  // CMIF_BASE_SECRET_MEMORY_H_
