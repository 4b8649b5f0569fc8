// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/huge_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace cmif::engine {
namespace {

constexpr size_t kSize = size_t{32} << 20;

std::span<uint8_t> Map() {
  void* const memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  return {static_cast<uint8_t*>(memory), kSize};
}

TEST(HugePagesTest, LargeBlocksKeepTheirContents) {
  const size_t before = UseHugePages();
  const auto block = Map();
  for (size_t i = 0; i < kSize; ++i)
    block[i] = static_cast<uint8_t>(i * 7 / 4096);
  const size_t after = UseHugePages();
  if (after == before) GTEST_SKIP() << "this kernel moves nothing";
  EXPECT_GE(after, before + kSize - (size_t{4} << 20));
  bool same = true;
  for (size_t i = 0; i < kSize; ++i) {
    same &= block[i] == static_cast<uint8_t>(i * 7 / 4096);
  }
  EXPECT_TRUE(same);
  munmap(block.data(), kSize);
}

TEST(HugePagesTest, MemoryThatIsNotInUseStaysSo) {
  const auto block = Map();
  // Half of each huge page.
  constexpr size_t kHalf = size_t{1} << 20;
  for (size_t at = 0; at < kSize; at += 2 * kHalf) {
    std::ranges::fill(block.subspan(at, kHalf), 1);
  }
  const size_t before = UseHugePages();
  std::ranges::fill(block, 1);
  const size_t after = UseHugePages();
  if (after == before) GTEST_SKIP() << "this kernel moves nothing";
  EXPECT_GE(after, before + kSize - (size_t{4} << 20));
  munmap(block.data(), kSize);
}

}  // namespace
}  // namespace cmif::engine
