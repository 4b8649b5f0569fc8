// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_CBOR_H_
#define CMIF_TEE_CBOR_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::tee {

// One item of CBOR (RFC 8949). Strings are views of what it was read from.
struct CborItem {
  enum class Kind {
    kUnsigned,
    kNegative,
    kBytes,
    kText,
    kArray,
    kMap,
    kTag,
    kSimple
  };
  Kind kind = Kind::kSimple;
  // The number; of a kNegative n for -1 - n; a tag's number; a simple value.
  uint64_t number = 0;
  std::span<const uint8_t> bytes = {};                      // kBytes, kText
  std::vector<CborItem> items = {};                         // kArray; kTag: one
  std::vector<std::pair<CborItem, CborItem>> members = {};  // kMap

  // A member of a map by its text key; null if there is none, or this is no
  // map.
  const CborItem* Find(std::string_view key) const;
};

// The one item that takes all of `bytes`. Only definite lengths, at most 8
// levels and 1024 items; floating-point numbers are not read. DATA_LOSS:
// anything else, or a map with a key twice.
Result<CborItem> ReadCbor(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_CBOR_H_
