// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/oblivious_rows.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace cmif::model {
namespace {

using Group = std::array<uint32_t, kRowsAPass>;

// All ones where a == b, else zero; the compiler is kept from seeing that it is
// one of these two, and so from branching on it.
uint8_t EqualMask(uint32_t a, uint32_t b) {
  const uint32_t difference = a ^ b;
  auto mask =
      static_cast<uint8_t>(((difference | (0U - difference)) >> 31) - 1U);
  asm volatile("" : "+r"(mask));
  return mask;
}

// Adds (bitwise) `row`, masked, to the row that is gathered in `out`.
void Gather(std::span<const uint8_t> row, uint8_t mask, uint8_t* out) {
  for (size_t i = 0; i < row.size(); ++i) {
    out[i] = static_cast<uint8_t>(out[i] | (row[i] & mask));
  }
}

void CopyGroup(const EmbeddingTable& table, const Group& ids, uint8_t* out) {
  const size_t row_bytes = table.format().row_bytes();
  for (uint32_t id = 0; id < table.rows(); ++id) {
    const auto row = table.Row(static_cast<int32_t>(id));
    for (size_t i = 0; i < kRowsAPass; ++i) {
      Gather(row, EqualMask(id, ids[i]), out + i * row_bytes);
    }
  }
}

}  // namespace

SecretBytes CopyRowsObliviously(const EmbeddingTable& table,
                                std::span<const int32_t> ids) {
  const size_t row_bytes = table.format().row_bytes();
  SecretBytes rows(ids.size() * row_bytes);
  SecretBytes pass(kRowsAPass * row_bytes);
  for (size_t start = 0; start < ids.size(); start += kRowsAPass) {
    const auto part =
        ids.subspan(start, std::min(kRowsAPass, ids.size() - start));
    Group group{};  // what is not asked for is row 0, and dropped
    std::ranges::copy(part, group.begin());
    std::ranges::fill(pass.bytes(), uint8_t{0});
    CopyGroup(table, group, pass.bytes().data());
    std::memcpy(rows.bytes().data() + start * row_bytes, pass.bytes().data(),
                part.size() * row_bytes);
  }
  return rows;
}

}  // namespace cmif::model
