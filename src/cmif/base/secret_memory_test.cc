// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/secret_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "cmif/base/secret_bytes.h"

namespace cmif {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSizes[] = {1,
                             63,
                             64,
                             4096,
                             kMaxUnmappedBytes,
                             kMaxUnmappedBytes + 1,
                             kHugePage + 4096 + 1};

class Pages {
 public:
  explicit Pages(size_t size_bytes)
      : size_(size_bytes), pages_(AllocateSecret(size_bytes)) {}
  ~Pages() { FreeSecret(pages_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  const SecretPages* operator->() const { return &pages_; }
  std::span<uint8_t> bytes() const { return {pages_.data, size_}; }
  // The page behind the data, which begins at most 63 bytes after it.
  volatile const uint8_t* Behind() const {
    return static_cast<const uint8_t*>(pages_.mapping) + pages_.mapping_bytes -
           static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }

 private:
  size_t size_;
  SecretPages pages_;
};

TEST(SecretMemoryTest, IsAlignedEmptyAndWritable) {
  for (const size_t size : kSizes) {
    const Pages pages(size);
    ASSERT_NE(pages->kind, SecretKind::kHeap);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pages->data) % 64, 0U);
    EXPECT_EQ(std::ranges::count(pages.bytes(), 0),
              static_cast<ptrdiff_t>(size));
    std::ranges::fill(pages.bytes(), uint8_t{0xA5});
    EXPECT_LT(pages.Behind() - (pages->data + size), 64);
  }
}

TEST(SecretMemoryTest, NothingIsNoMemory) {
  const Pages pages(0);
  EXPECT_EQ(pages->data, nullptr);
  EXPECT_EQ(pages->mapping, nullptr);
}

TEST(SecretMemoryTest, LargeOnesAreAlignedForHugePages) {
  const Pages pages(2 * kHugePage);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pages->data) % kHugePage, 0U);
}

TEST(SecretMemoryDeathTest, WhatLiesAroundItFaults) {
  for (const size_t size : kSizes) {
    const Pages pages(size);
    const auto* before = static_cast<volatile const uint8_t*>(pages->mapping);
    EXPECT_DEATH(static_cast<void>(*before), "");
    EXPECT_DEATH(static_cast<void>(*pages.Behind()), "");
  }
}

TEST(SecretMemoryTest, ChildSeesNothing) {
  constexpr int kSeen = 42;
  for (const size_t size : kSizes) {
    const Pages pages(size);
    std::ranges::fill(pages.bytes(), uint8_t{0xA5});
    const pid_t child = fork();
    if (child == 0) {
      const volatile uint8_t* const first = pages->data;
      _exit(*first == 0xA5 ? kSeen : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == kSeen) << size;
    EXPECT_EQ(pages.bytes().front(), 0xA5);
  }
}

TEST(SecretMemoryTest, OnlySmallOnesLeaveTheKernelsMap) {
  EXPECT_NE(ProbeSecretMemory(kMaxUnmappedBytes + 1), SecretKind::kUnmapped);
  if (ProbeSecretMemory(32) != SecretKind::kUnmapped) {
    GTEST_SKIP() << "NOT TESTED: this kernel gives no memfd_secret";
  }
  EXPECT_EQ(ProbeSecretMemory(kMaxUnmappedBytes), SecretKind::kUnmapped);
}

// Restores the limit at its end.
class LockLimit {
 public:
  explicit LockLimit(rlim_t bytes) {
    getrlimit(RLIMIT_MEMLOCK, &before_);
    const rlimit now{std::min(bytes, before_.rlim_max), before_.rlim_max};
    setrlimit(RLIMIT_MEMLOCK, &now);
  }
  ~LockLimit() { setrlimit(RLIMIT_MEMLOCK, &before_); }
  LockLimit(const LockLimit&) = delete;
  LockLimit& operator=(const LockLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(SecretMemoryTest, LargeOnesLeaveHalfOfTheLimitToKeys) {
  constexpr size_t kMiB = size_t{1} << 20;
  const LockLimit limit(4 * kMiB);
  const Pages most(kMiB + kMiB / 2);
  if (most->kind != SecretKind::kLocked) {
    GTEST_SKIP() << "NOT TESTED: 4 MiB may not be locked here";
  }
  EXPECT_EQ(ProbeSecretMemory(kMiB), SecretKind::kPages);
  EXPECT_EQ(ProbeSecretMemory(kMiB / 2), SecretKind::kLocked);
  EXPECT_EQ(ProbeSecretMemory(kMiB / 2), SecretKind::kLocked);  // given back
  EXPECT_GE(ProbeSecretMemory(kMaxUnmappedBytes), SecretKind::kLocked);
}

TEST(SecretMemoryTest, WithoutALimitToLockItStillWorks) {
  const LockLimit limit(0);
  for (const size_t size : kSizes) {
    const Pages pages(size);
    std::ranges::fill(pages.bytes(), uint8_t{0xA5});
    EXPECT_NE(pages->kind, SecretKind::kHeap);
  }
}

TEST(SecretBytesTest, ThousandsAtOnceAreFine) {
  std::vector<SecretBytes> many;
  for (int i = 0; i < 3000; ++i) many.emplace_back(32).bytes()[0] = 1;
  EXPECT_EQ(many.back().bytes()[31], 0);
}

}  // namespace
}  // namespace cmif
