// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_TESTING_TEST_CBOR_H_
#define CMIF_TEE_TESTING_TEST_CBOR_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::tee::testing {

// The head of an item of this major type, with an argument below 65536.
inline std::vector<uint8_t> CborHead(uint8_t major, size_t argument) {
  const auto top = static_cast<uint8_t>(major << 5);
  if (argument < 24) return {static_cast<uint8_t>(top | argument)};
  return {static_cast<uint8_t>(top | 25), static_cast<uint8_t>(argument >> 8),
          static_cast<uint8_t>(argument)};
}

inline std::vector<uint8_t> CborString(uint8_t major,
                                       std::span<const uint8_t> bytes) {
  std::vector<uint8_t> item = CborHead(major, bytes.size());
  item.insert(item.end(), bytes.begin(), bytes.end());
  return item;
}

inline std::vector<uint8_t> CborNumber(uint16_t n) { return CborHead(0, n); }
inline std::vector<uint8_t> CborBytes(std::span<const uint8_t> bytes) {
  return CborString(2, bytes);
}
inline std::vector<uint8_t> CborText(std::string_view text) {
  return CborString(3, AsBytes(text));
}

inline std::vector<uint8_t> CborArray(
    const std::vector<std::vector<uint8_t>>& items) {
  std::vector<uint8_t> array = CborHead(4, items.size());
  for (const auto& item : items) {
    array.insert(array.end(), item.begin(), item.end());
  }
  return array;
}

inline std::vector<uint8_t> CborMap(
    const std::vector<std::pair<std::string_view, std::vector<uint8_t>>>&
        members) {
  std::vector<uint8_t> map = CborHead(5, members.size());
  for (const auto& [key, value] : members) {
    const std::vector<uint8_t> text = CborText(key);
    map.insert(map.end(), text.begin(), text.end());
    map.insert(map.end(), value.begin(), value.end());
  }
  return map;
}

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_CBOR_H_
