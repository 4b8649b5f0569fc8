// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/row_sender.h"

#include <fmt/format.h>

namespace cmif::wire {

Result<uint32_t> RowSender::SlotOf(uint32_t key, std::span<const uint8_t> row) {
  if (const auto found = slots_.find(key); found != slots_.end()) {
    return found->second;
  }
  if (row.size() != row_bytes_) {
    return InvalidArgument(fmt::format(
        "a row has {} bytes, but the server's model takes rows of {} bytes",
        row.size(), row_bytes_));
  }
  if (slots_.size() >= max_slots_) {
    return Fail(
        Code::kResourceExhausted,
        fmt::format("all {} slots of the stream are taken", max_slots_));
  }
  const auto slot = static_cast<uint32_t>(slots_.size());
  slots_.emplace(key, slot);
  new_rows_.append(reinterpret_cast<const char*>(row.data()), row.size());
  return slot;
}

void RowSender::Reset() {
  slots_.clear();
  new_rows_.clear();
}

}  // namespace cmif::wire
