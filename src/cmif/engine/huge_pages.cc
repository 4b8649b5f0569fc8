// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cmif::engine {
namespace {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
// Stacks of threads and the heaps of malloc are smaller.
constexpr uintptr_t kLarge = uintptr_t{16} << 20;
#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;
#endif

struct Block {
  uintptr_t begin = 0;
  uintptr_t end = 0;
};

template <typename T>
std::optional<T> Number(std::string_view text, int base) {
  T value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// The first line of an entry of smaps, "begin-end rw-p offset device inode
// path", if it is private writable memory without a file.
std::optional<Block> ParseBlock(std::string_view line) {
  const size_t dash = line.find('-');
  const size_t space = line.find(' ');
  if (dash == std::string_view::npos || space == std::string_view::npos ||
      dash > space || line.substr(space, 6) != " rw-p ") {
    return std::nullopt;
  }
  if (line.find('/') != std::string_view::npos ||
      line.find('[') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto begin = Number<uintptr_t>(line, 16);
  const auto end = Number<uintptr_t>(line.substr(dash + 1), 16);
  if (!begin || !end) return std::nullopt;
  return Block{.begin = *begin, .end = *end};
}

std::vector<Block> LargeBlocks() {
  std::vector<Block> blocks;
  std::optional<Block> block;
  std::ifstream file("/proc/self/smaps");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Rss:")) {
      const size_t digit = line.find_first_of("0123456789");
      if (!block || digit == std::string::npos) continue;
      const size_t resident =
          Number<size_t>(line.substr(digit), 10).value_or(0) * 1024;
      // Not a sanitizer's shadow, terabytes that are hardly in use.
      const uintptr_t size = block->end - block->begin;
      if (size >= kLarge && resident >= size / 4) {
        blocks.push_back(*block);
      }
    } else if (line.find('-') < line.find(':')) {
      block = ParseBlock(line);
    }
  }
  return blocks;
}

// True if every page of the huge page at `start` is in use: what is not must
// not become so.
bool InUse(void* start) {
  constexpr size_t kPage = 4096;
  std::array<unsigned char, kHugePage / kPage> resident{};
  return mincore(start, kHugePage, resident.data()) == 0 &&
         std::ranges::all_of(resident,
                             [](auto page) { return (page & 1) != 0; });
}

size_t MoveBlock(const Block& block) {
  size_t moved = 0;
  uintptr_t at = (block.begin + kHugePage - 1) / kHugePage * kHugePage;
  for (; at + kHugePage <= block.end; at += kHugePage) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel names addresses.
    void* const start = reinterpret_cast<void*>(at);
    if (!InUse(start)) continue;
    // Now, not when the kernel gets to it.
    if (madvise(start, kHugePage, MADV_COLLAPSE) == 0) {
      moved += kHugePage;
    } else if (errno == EINVAL || errno == ENOMEM) {
      break;  // an older kernel, or no huge page is left: each try takes time
    }
  }
  return moved;
}

}  // namespace

size_t UseHugePages() {
  size_t moved = 0;
  for (const Block& block : LargeBlocks()) moved += MoveBlock(block);
  return moved;
}

}  // namespace cmif::engine
