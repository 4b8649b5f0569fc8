// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cbor.h"

#include <algorithm>

#include "cmif/base/byte_reader.h"

namespace cmif::tee {
namespace {

constexpr int kMaxDepth = 8;
constexpr size_t kMaxItems = 1024;

std::unexpected<Status> Malformed() {
  return DataLoss("a text is not CBOR as evidence uses it");
}

class CborReader {
 public:
  explicit CborReader(std::span<const uint8_t> bytes) : reader_(bytes) {}

  Result<CborItem> Read(int depth) {
    if (depth > kMaxDepth || ++items_ > kMaxItems) return Malformed();
    CMIF_ASSIGN(const auto first, reader_.Read<uint8_t>());
    CborItem item;
    item.kind = static_cast<CborItem::Kind>(first >> 5);
    CMIF_ASSIGN(item.number, Argument(first & 0x1F));
    switch (item.kind) {
      case CborItem::Kind::kUnsigned:
      case CborItem::Kind::kNegative:
        break;
      case CborItem::Kind::kBytes:
      case CborItem::Kind::kText: {
        CMIF_ASSIGN(item.bytes, reader_.Take(item.number));
        break;
      }
      case CborItem::Kind::kArray:
        CMIF_TRY(ReadItems(item.number, depth, item));
        break;
      case CborItem::Kind::kTag:
        CMIF_TRY(ReadItems(1, depth, item));
        break;
      case CborItem::Kind::kMap:
        CMIF_TRY(ReadMembers(depth, item));
        break;
      case CborItem::Kind::kSimple:
        // Floating-point numbers and breaks have an argument of their own.
        if ((first & 0x1F) > 24) return Malformed();
        break;
    }
    return item;
  }

  bool AtEnd() const { return reader_.remaining() == 0; }

 private:
  // The argument of an item's head, big-endian.
  Result<uint64_t> Argument(uint8_t low) {
    if (low < 24) return low;
    if (low > 27) return Malformed();
    CMIF_ASSIGN(const auto bytes, reader_.Take(uint64_t{1} << (low - 24)));
    uint64_t value = 0;
    for (const uint8_t byte : bytes) value = value << 8 | byte;
    return value;
  }

  Result<void> ReadItems(uint64_t count, int depth, CborItem& item) {
    if (count > kMaxItems) return Malformed();
    for (uint64_t i = 0; i < count; ++i) {
      CMIF_ASSIGN(CborItem read, Read(depth + 1));
      item.items.push_back(std::move(read));
    }
    return {};
  }

  // Keys are numbers or strings, each once.
  Result<void> ReadMembers(int depth, CborItem& item) {
    if (item.number > kMaxItems) return Malformed();
    for (uint64_t i = 0; i < item.number; ++i) {
      CMIF_ASSIGN(CborItem key, Read(depth + 1));
      const bool twice =
          std::ranges::any_of(item.members, [&](const auto& member) {
            return member.first.kind == key.kind &&
                   member.first.number == key.number &&
                   std::ranges::equal(member.first.bytes, key.bytes);
          });
      if (twice || key.kind > CborItem::Kind::kText) return Malformed();
      CMIF_ASSIGN(CborItem value, Read(depth + 1));
      item.members.emplace_back(std::move(key), std::move(value));
    }
    return {};
  }

  ByteReader reader_;
  size_t items_ = 0;
};

}  // namespace

const CborItem* CborItem::Find(std::string_view key) const {
  const auto found = std::ranges::find_if(members, [&](const auto& member) {
    return member.first.kind == Kind::kText &&
           AsText(member.first.bytes) == key;
  });
  return found == members.end() ? nullptr : &found->second;
}

Result<CborItem> ReadCbor(std::span<const uint8_t> bytes) {
  CborReader reader(bytes);
  CMIF_ASSIGN(CborItem item, reader.Read(1));
  if (!reader.AtEnd()) return Malformed();
  return item;
}

}  // namespace cmif::tee
