// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_WIRE_ROW_TABLE_H_
#define CMIF_WIRE_ROW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::wire {

// Expands one row from the table's type to f32: (row_bytes) -> (width).
using ExpandFn =
    std::function<void(std::span<const uint8_t>, std::span<float>)>;

struct RowTableOptions {
  size_t row_bytes = 0;    // of one row on the wire, >= 1
  uint32_t width = 0;      // f32 values of one row, >= 1
  uint32_t max_slots = 0;  // rows the stream may keep, >= 1
  ExpandFn expand{};
};

// The server's side of the slots of one stream: the rows that a client has
// sent, kept in their own type (a quarter of the memory of f32 for q8_0;
// expanding again costs some 100 ns a row). Nothing that enters is trusted:
// rows are checked when they come, slots when they are named, so that whatever
// Expand() returns is finite and small. Messages of failures hold counts,
// never contents. Not thread-safe.
class RowTable {
 public:
  // INVALID_ARGUMENT when an option is missing.
  static Result<RowTable> Create(RowTableOptions options);

  // Takes new rows, back to back; all or none of them.
  // INVALID_ARGUMENT: not whole rows; a value that is not finite or whose
  // absolute value is above kMaxAbsValue. RESOURCE_EXHAUSTED: no free slots.
  Result<void> Append(std::span<const uint8_t> rows);

  // Expands the named rows one after the other into width() * slots.size()
  // values. INVALID_ARGUMENT: a slot that no row has taken.
  Result<std::vector<float>> Expand(std::span<const uint32_t> slots) const;

  // Forgets all rows.
  void Reset() { rows_.clear(); }

  uint32_t size() const {
    return static_cast<uint32_t>(rows_.size() / options_.row_bytes);
  }
  uint32_t width() const { return options_.width; }

 private:
  explicit RowTable(RowTableOptions options) : options_(std::move(options)) {}
  RowTableOptions options_;
  std::vector<uint8_t> rows_;
};

}  // namespace cmif::wire

#endif  // CMIF_WIRE_ROW_TABLE_H_
