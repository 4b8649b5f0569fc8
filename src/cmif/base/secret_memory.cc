// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/secret_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace cmif {
namespace {

constexpr size_t kAlignment = 64;
#ifdef SYS_memfd_secret
constexpr long kMemfdSecret = SYS_memfd_secret;
#else
constexpr long kMemfdSecret = 447;  // one number on all processors
#endif

size_t RoundUp(size_t size, size_t to) { return (size + to - 1) / to * to; }

// Puts memory that only this process's own page tables name in place of `at`.
bool MapUnmapped(void* at, size_t size_bytes) {
  const int descriptor = static_cast<int>(syscall(kMemfdSecret, O_CLOEXEC));
  if (descriptor < 0) return false;
  const bool mapped =
      ftruncate(descriptor, static_cast<off_t>(size_bytes)) == 0 &&
      mmap(at, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
           descriptor, 0) != MAP_FAILED;
  close(descriptor);
  // Shared memory would be the child's too.
  if (mapped) madvise(at, size_bytes, MADV_DONTFORK);
  return mapped;
}

bool MapPlain(void* at, size_t size_bytes) {
  if (mmap(at, size_bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    return false;
  }
  madvise(at, size_bytes, MADV_DONTDUMP);
  madvise(at, size_bytes, MADV_WIPEONFORK);
  return true;
}

}  // namespace

SecretPages AllocateSecret(size_t size_bytes) {
  if (size_bytes == 0) return {};
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = RoundUp(size_bytes, page);
  const size_t outer = inner + 2 * page;
  void* const mapping =
      mmap(nullptr, outer, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping != MAP_FAILED) {
    auto* const start = static_cast<uint8_t*>(mapping) + page;
    SecretPages pages = {start + inner - RoundUp(size_bytes, kAlignment),
                         mapping, outer, SecretKind::kUnmapped};
    if (size_bytes <= kMaxUnmappedBytes && MapUnmapped(start, inner)) {
      return pages;
    }
    if (MapPlain(start, inner)) {
      pages.kind =
          mlock(start, inner) == 0 ? SecretKind::kLocked : SecretKind::kPages;
      return pages;
    }
    munmap(mapping, outer);
  }
  return {static_cast<uint8_t*>(::operator new(size_bytes))};
}

void FreeSecret(const SecretPages& pages) {
  if (pages.mapping != nullptr) {
    munmap(pages.mapping, pages.mapping_bytes);
  } else {
    ::operator delete(pages.data);
  }
}

SecretKind ProbeSecretMemory(size_t size_bytes) {
  const SecretPages pages = AllocateSecret(size_bytes);
  FreeSecret(pages);
  return pages.kind;
}

}  // namespace cmif
