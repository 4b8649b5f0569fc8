// SPDX-License-Identifier: Apache-2.0
// Fields at fixed offsets of a structure whose length was checked before.
#ifndef CMIF_TEE_BYTE_FIELDS_H_
#define CMIF_TEE_BYTE_FIELDS_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>

namespace cmif::tee {

// A little-endian number; the bytes must reach that far.
template <std::unsigned_integral T>
T NumberAt(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.subspan(offset, sizeof(T)).data(), sizeof(T));
  return value;
}

template <size_t kSize>
std::array<uint8_t, kSize> ArrayAt(std::span<const uint8_t> bytes,
                                   size_t offset) {
  std::array<uint8_t, kSize> field;
  std::ranges::copy(bytes.subspan(offset, kSize), field.begin());
  return field;
}

// Whether both have the same bits where the mask has ones.
template <size_t kSize>
bool EqualUnder(const std::array<uint8_t, kSize>& mask,
                const std::array<uint8_t, kSize>& a,
                const std::array<uint8_t, kSize>& b) {
  for (size_t i = 0; i < kSize; ++i) {
    if (((a[i] ^ b[i]) & mask[i]) != 0) return false;
  }
  return true;
}

inline bool IsZero(std::span<const uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

}  // namespace cmif::tee

#endif  // CMIF_TEE_BYTE_FIELDS_H_
