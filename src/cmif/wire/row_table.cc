// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cmif/wire/limits.h"

namespace cmif::wire {
namespace {

// False for NaN too.
bool AllUsable(std::span<const float> values) {
  bool usable = true;
  for (const float value : values) usable &= std::fabs(value) <= kMaxAbsValue;
  return usable;
}

}  // namespace

Result<RowTable> RowTable::Create(RowTableOptions options) {
  if (options.row_bytes == 0 || options.width == 0 || options.max_slots == 0 ||
      !options.expand) {
    return InvalidArgument("a row table needs a row size, a width and slots");
  }
  return RowTable(std::move(options));
}

Result<void> RowTable::Append(std::span<const uint8_t> rows) {
  const size_t row_bytes = options_.row_bytes;
  if (rows.size() % row_bytes != 0) {
    return InvalidArgument(fmt::format(
        "new_rows has {} bytes, which is not a multiple of the {} bytes of one "
        "row; the client's table has another type or width than this model",
        rows.size(), row_bytes));
  }
  const size_t count = rows.size() / row_bytes;
  if (count > options_.max_slots - size()) {
    return Fail(
        Code::kResourceExhausted,
        fmt::format("the stream would keep {} rows, but it may keep {}; "
                    "start a new stream or reset its slots",
                    size() + count, options_.max_slots));
  }
  std::vector<float> values(options_.width);
  for (size_t i = 0; i < count; ++i) {
    options_.expand(rows.subspan(i * row_bytes, row_bytes), values);
    if (!AllUsable(values)) {
      return InvalidArgument(fmt::format(
          "row {} of {} new rows holds a value that is not finite or larger "
          "than {} in absolute value",
          i, count, kMaxAbsValue));
    }
  }
  rows_.insert(rows_.end(), rows.begin(), rows.end());
  return {};
}

Result<std::vector<float>> RowTable::Expand(
    std::span<const uint32_t> slots) const {
  const uint32_t count = size();
  const auto bad = std::find_if(slots.begin(), slots.end(),
                                [&](uint32_t slot) { return slot >= count; });
  if (bad != slots.end()) {
    return InvalidArgument(fmt::format(
        "position {} of {} names a slot that does not exist: the stream has {}",
        bad - slots.begin(), slots.size(), count));
  }
  const size_t width = options_.width;
  std::vector<float> values(width * slots.size());
  const std::span<const uint8_t> rows = rows_;
  for (size_t i = 0; i < slots.size(); ++i) {
    options_.expand(
        rows.subspan(slots[i] * options_.row_bytes, options_.row_bytes),
        std::span(values).subspan(i * width, width));
  }
  return values;
}

}  // namespace cmif::wire
