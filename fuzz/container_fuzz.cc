// SPDX-License-Identifier: Apache-2.0
// Hostile bundle headers: what is accepted lies inside the file, in order. The
// hash is put right first, so that the bytes behind it are reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "cmif/crypto/sha256.h"
#include "cmif/model/container.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void Check(std::span<const uint8_t> bytes, uint64_t file_bytes) {
  const auto header = cmif::model::ParseContainerHeader(bytes, file_bytes);
  if (!header) return;
  const auto& sections = header->sections;
  Require(!sections.empty() && sections.size() <= cmif::model::kMaxSections);
  Require(header->sealed || !header->owner);
  uint64_t end = 0;
  for (const auto& section : sections) {
    Require(!section.name.empty());
    Require(section.offset >= end && section.offset <= file_bytes);
    Require(section.size_bytes <= file_bytes - section.offset);
    end = section.offset + section.size_bytes;
  }
  Require(end == file_bytes);
}

// The 32 bytes behind the section table become the hash of all before.
std::vector<uint8_t> WithHash(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> fixed(bytes.begin(), bytes.end());
  if (bytes.size() < 24) return fixed;
  const size_t hashed = 32 + size_t{fixed[16]} * (16 + 8 + 8 + 32);
  if (fixed.size() < hashed + 32) return fixed;
  const auto digest = cmif::crypto::Sha256Of(std::span(fixed).first(hashed));
  std::ranges::copy(digest, fixed.begin() + static_cast<ptrdiff_t>(hashed));
  return fixed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  Check(bytes, size);
  const std::vector<uint8_t> fixed = WithHash(bytes);
  Check(fixed, size);
  uint64_t claimed = 0;  // the size that the header names
  for (size_t i = 0; i < 8 && i + 24 < size; ++i) {
    claimed |= uint64_t{fixed[24 + i]} << (8 * i);
  }
  Check(fixed, claimed);
  return 0;
}
