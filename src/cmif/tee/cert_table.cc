// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cert_table.h"

#include <algorithm>
#include <array>

#include "cmif/tee/byte_fields.h"

namespace cmif::tee {
namespace {

constexpr size_t kEntryBytes = 24;
constexpr size_t kMaxEntries = 32;
constexpr size_t kMaxBytes = 256 << 10;

using Guid = std::array<uint8_t, 16>;
// In the byte order of RFC 4122, as firmware writes them.
constexpr Guid kVcek = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                        0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
constexpr Guid kVlek = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                        0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};
constexpr Guid kAsk = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                       0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82};
constexpr Guid kArk = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                       0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae};

bool IsKnown(const Guid& guid) {
  return guid == kVcek || guid == kVlek || guid == kAsk || guid == kArk;
}

struct Entry {
  Guid guid;
  uint32_t offset;
  uint32_t bytes;
};

// The entries before the zero entry, and how many bytes all of them take.
Result<std::vector<Entry>> ReadEntries(std::span<const uint8_t> table) {
  std::vector<Entry> entries;
  for (size_t at = 0;; at += kEntryBytes) {
    if (table.size() - at < kEntryBytes) {
      return DataLoss("a certificate table ends within its entries");
    }
    if (IsZero(table.subspan(at, kEntryBytes))) return entries;
    if (entries.size() == kMaxEntries) {
      return ResourceExhausted("a certificate table has more than 32 entries");
    }
    entries.push_back({ArrayAt<16>(table, at),
                       NumberAt<uint32_t>(table, at + 16),
                       NumberAt<uint32_t>(table, at + 20)});
  }
}

}  // namespace

Result<std::vector<Certificate>> ReadCertTable(std::span<const uint8_t> table) {
  if (table.size() > kMaxBytes) {
    return ResourceExhausted("a certificate table has more than 256 KiB");
  }
  CMIF_ASSIGN(const std::vector<Entry> entries, ReadEntries(table));
  const size_t header = (entries.size() + 1) * kEntryBytes;
  std::vector<bool> used(table.size(), false);
  std::fill_n(used.begin(), header, true);
  std::vector<Certificate> certificates;
  for (const Entry& entry : entries) {
    if (entry.offset < header ||
        uint64_t{entry.offset} + entry.bytes > table.size()) {
      return DataLoss("an entry of a certificate table reaches out of it");
    }
    std::fill_n(used.begin() + entry.offset, entry.bytes, true);
    if (!IsKnown(entry.guid)) continue;
    CMIF_ASSIGN(Certificate one,
                Certificate::FromDer(table.subspan(entry.offset, entry.bytes)));
    certificates.push_back(std::move(one));
  }
  for (size_t i = header; i < table.size(); ++i) {
    if (!used[i] && table[i] != 0) {
      return DataLoss("a certificate table has bytes that belong to no entry");
    }
  }
  return certificates;
}

bool LooksLikeCertTable(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 * kEntryBytes && IsKnown(ArrayAt<16>(bytes, 0));
}

}  // namespace cmif::tee
