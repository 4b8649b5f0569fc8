// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/secret_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size)
#endif

namespace cmif {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
#ifdef SYS_memfd_secret
constexpr long kMemfdSecret = SYS_memfd_secret;
#else
constexpr long kMemfdSecret = 447;  // one number on all processors
#endif

size_t RoundUp(size_t size, size_t to) { return (size + to - 1) / to * to; }

size_t PageBytes() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Addresses for `inner` bytes (whole pages) with a page on both sides that
// nobody may touch; the inner ones aligned for huge pages where they fill one.
SecretPages Reserve(size_t inner) {
  const size_t page = PageBytes();
  const size_t outer = inner + 2 * page;
  const size_t slack = inner >= kHugePage ? kHugePage : 0;
  void* const mapping = mmap(nullptr, outer + slack, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return {};
  auto* const start = static_cast<uint8_t*>(mapping);
  size_t before = 0;
  if (slack > 0) {
    const size_t off = (reinterpret_cast<uintptr_t>(start) + page) % kHugePage;
    before = (kHugePage - off) % kHugePage;
    if (before > 0) munmap(start, before);
    if (before < slack) munmap(start + before + outer, slack - before);
  }
  return {.mapping = start + before, .mapping_bytes = outer};
}

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
  if (size_bytes >= kHugePage) madvise(at, size_bytes, MADV_HUGEPAGE);
  return true;
}

// Bytes locked for buffers beyond kMaxUnmappedBytes. They take at most half of
// what the process may lock: keys, which come after a table, need the rest.
std::atomic<size_t> large_locked_bytes = 0;

bool MayLock(size_t size_bytes) {
  if (size_bytes <= kMaxUnmappedBytes) return true;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  if (large_locked_bytes.fetch_add(size_bytes) + size_bytes <=
      limit.rlim_cur / 2) {
    return true;
  }
  large_locked_bytes -= size_bytes;
  return false;
}

void NoteUnlocked(size_t size_bytes) {
  if (size_bytes > kMaxUnmappedBytes) large_locked_bytes -= size_bytes;
}

bool Lock(void* at, size_t size_bytes) {
  if (!MayLock(size_bytes)) return false;
  if (mlock(at, size_bytes) == 0) return true;
  munlock(at, size_bytes);  // what it got before it failed
  NoteUnlocked(size_bytes);
  return false;
}

SecretPages OnHeap(size_t size_bytes) {
  void* const data = ::operator new(size_bytes, std::align_val_t{kAlignment});
  std::memset(data, 0, size_bytes);
  return {.data = static_cast<uint8_t*>(data)};
}

}  // namespace

SecretPages AllocateSecret(size_t size_bytes) {
  if (size_bytes == 0) return {};
  const size_t inner = RoundUp(size_bytes, PageBytes());
  SecretPages pages = Reserve(inner);
  if (pages.mapping == nullptr) return OnHeap(size_bytes);
  auto* const start = static_cast<uint8_t*>(pages.mapping) + PageBytes();
  if (size_bytes <= kMaxUnmappedBytes && MapUnmapped(start, inner)) {
    pages.kind = SecretKind::kUnmapped;
  } else if (MapPlain(start, inner)) {
    pages.kind = Lock(start, inner) ? SecretKind::kLocked : SecretKind::kPages;
  } else {
    munmap(pages.mapping, pages.mapping_bytes);
    return OnHeap(size_bytes);
  }
  pages.data = start + inner - RoundUp(size_bytes, kAlignment);
  ASAN_POISON_MEMORY_REGION(pages.data + size_bytes,
                            start + inner - pages.data - size_bytes);
  return pages;
}

void FreeSecret(const SecretPages& pages) {
  if (pages.mapping == nullptr) {
    ::operator delete(pages.data, std::align_val_t{kAlignment});
    return;
  }
  ASAN_UNPOISON_MEMORY_REGION(pages.mapping, pages.mapping_bytes);
  munmap(pages.mapping, pages.mapping_bytes);
  if (pages.kind == SecretKind::kLocked) {
    NoteUnlocked(pages.mapping_bytes - 2 * PageBytes());
  }
}

SecretKind ProbeSecretMemory(size_t size_bytes) {
  const SecretPages pages = AllocateSecret(size_bytes);
  FreeSecret(pages);
  return pages.kind;
}

}  // namespace cmif
