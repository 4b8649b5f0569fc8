// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/oblivious_rows.h"

#include <algorithm>

namespace cmif::model {
namespace {

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

void CopyGroup(const EmbeddingTable& table, std::span<const int32_t> ids,
               uint8_t* out) {
  const size_t row_bytes = table.format().row_bytes();
  for (uint32_t id = 0; id < table.rows(); ++id) {
    const auto row = table.Row(static_cast<int32_t>(id));
    for (size_t i = 0; i < ids.size(); ++i) {
      Gather(row, EqualMask(id, static_cast<uint32_t>(ids[i])),
             out + i * row_bytes);
    }
  }
}

}  // namespace

SecretBytes CopyRowsObliviously(const EmbeddingTable& table,
                                std::span<const int32_t> ids) {
  const size_t row_bytes = table.format().row_bytes();
  SecretBytes rows(ids.size() * row_bytes);  // zeroes
  for (size_t start = 0; start < ids.size(); start += kRowsAPass) {
    CopyGroup(table,
              ids.subspan(start, std::min(kRowsAPass, ids.size() - start)),
              rows.bytes().data() + start * row_bytes);
  }
  return rows;
}

}  // namespace cmif::model
