// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cbor_writer.h"

#include "cmif/base/byte_reader.h"

namespace cmif::tee {
namespace {

using Bytes = std::vector<uint8_t>;

// Major types of RFC 8949 3.1.
enum Major : uint8_t {
  kUnsigned = 0,
  kByteString = 2,
  kTextString = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6
};

Bytes Head(Major major, uint64_t argument) {
  const auto top = static_cast<uint8_t>(major << 5);
  if (argument < 24) return {static_cast<uint8_t>(top | argument)};
  // 24 to 27: one, two, four or eight bytes follow.
  int size_bits = 0;
  while (size_bits < 3 && argument >> (8 << size_bits) != 0) ++size_bits;
  Bytes head = {static_cast<uint8_t>(top | (24 + size_bits))};
  for (int shift = (8 << size_bits) - 8; shift >= 0; shift -= 8) {
    head.push_back(static_cast<uint8_t>(argument >> shift));
  }
  return head;
}

Bytes With(Bytes head, std::span<const uint8_t> rest) {
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

}  // namespace

Bytes CborNumber(uint64_t number) { return Head(kUnsigned, number); }

Bytes CborBytes(std::span<const uint8_t> bytes) {
  return With(Head(kByteString, bytes.size()), bytes);
}

Bytes CborText(std::string_view utf8) {
  return With(Head(kTextString, utf8.size()), AsBytes(utf8));
}

Bytes CborArray(const std::vector<Bytes>& items) {
  Bytes array = Head(kArray, items.size());
  for (const Bytes& item : items) array = With(std::move(array), item);
  return array;
}

Bytes CborMap(const std::vector<std::pair<std::string_view, Bytes>>& members) {
  Bytes map = Head(kMap, members.size());
  for (const auto& [key, value] : members) {
    map = With(With(std::move(map), CborText(key)), value);
  }
  return map;
}

Bytes CborTag(uint64_t tag, const Bytes& item) {
  return With(Head(kTag, tag), item);
}

}  // namespace cmif::tee
