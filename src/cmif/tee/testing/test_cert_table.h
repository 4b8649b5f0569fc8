// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_TESTING_TEST_CERT_TABLE_H_
#define CMIF_TEE_TESTING_TEST_CERT_TABLE_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::tee::testing {

using Guid = std::array<uint8_t, 16>;
constexpr Guid kVcekGuid = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                            0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
constexpr Guid kOtherGuid = {1, 2, 3};

// A GHCB certificate table of these entries, in order.
inline std::vector<uint8_t> CertTable(
    const std::vector<std::pair<Guid, std::vector<uint8_t>>>& entries) {
  ByteWriter table;
  size_t offset = (entries.size() + 1) * 24;
  for (const auto& [guid, data] : entries) {
    table.Append(guid);
    table.Write(static_cast<uint32_t>(offset));
    table.Write(static_cast<uint32_t>(data.size()));
    offset += data.size();
  }
  table.Append(std::array<uint8_t, 24>{});
  for (const auto& [guid, data] : entries) table.Append(data);
  return table.Release();
}

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_CERT_TABLE_H_
