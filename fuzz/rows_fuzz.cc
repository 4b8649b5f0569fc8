// SPDX-License-Identifier: Apache-2.0
// Hostile rows and slots on the server's side: whatever Expand() returns is
// finite and small, and a refused Append() changes nothing. The first byte
// chooses the rows' type, the second how many bytes are slots.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cmif/model/row_format.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/row_table.h"

namespace {

using cmif::model::RowFormat;
using cmif::wire::RowTable;

void Require(bool holds) {
  if (!holds) std::abort();
}

RowTable MakeTable(const RowFormat& format) {
  return RowTable::Create(
             {.row_bytes = format.row_bytes(),
              .width = format.width(),
              .max_slots = 8,
              .expand = [&format](
                            std::span<const uint8_t> row,
                            std::span<float> out) { format.Expand(row, out); }})
      .value();
}

void ExpandAll(const RowTable& table, std::span<const uint8_t> slot_bytes) {
  std::vector<uint32_t> slots;
  for (const uint8_t byte : slot_bytes) slots.push_back(byte);
  if (slot_bytes.size() >= 4) std::memcpy(slots.data(), slot_bytes.data(), 4);
  const auto values = table.Expand(slots);
  if (!values) return;
  Require(values->size() == slots.size() * table.width());
  for (const float value : *values) {
    Require(std::fabs(value) <= cmif::wire::kMaxAbsValue);  // false for NaN
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr std::array kTypes = {"f32",  "f16",  "bf16", "q8_0",
                                        "q4_0", "q4_K", "q6_K", "q5_1"};
  if (size < 2) return 0;
  const char* type = kTypes[data[0] % kTypes.size()];
  const uint32_t width = std::strchr(type, 'K') != nullptr ? 256 : 32;
  const auto format = RowFormat::Create(type, width).value();
  std::span<const uint8_t> rest(data + 2, size - 2);
  const auto slots = rest.first(std::min<size_t>(data[1], rest.size()));
  rest = rest.subspan(slots.size());
  RowTable table = MakeTable(format);
  for (int round = 0; round < 2; ++round) {
    const uint32_t before = table.size();
    if (!table.Append(rest)) Require(table.size() == before);
    Require(table.size() <= 8);
    ExpandAll(table, slots);
  }
  // Whole rows of the input, one by one.
  for (size_t at = 0; at + format.row_bytes() <= rest.size();
       at += format.row_bytes()) {
    (void)table.Append(rest.subspan(at, format.row_bytes()));
  }
  ExpandAll(table, slots);
  table.Reset();
  Require(table.size() == 0);
  return 0;
}
