// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_WIRE_ROW_SENDER_H_
#define CMIF_WIRE_ROW_SENDER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "cmif/base/status.h"

namespace cmif::wire {

// The client's side of the slots of one stream; the counterpart of RowTable.
// A row is known by a key of the caller's (the token's id; the key never
// leaves). Not thread-safe.
//
//   sender.SlotOf(id, row) for each position -> rows.slots
//   sender.TakeNewRows()                     -> rows.new_rows
class RowSender {
 public:
  // max_slots as the server's HelloReply says.
  RowSender(size_t row_bytes, uint32_t max_slots)
      : row_bytes_(row_bytes), max_slots_(max_slots) {}

  // The slot of the row; the first time a key is seen, `row` joins the new
  // rows. RESOURCE_EXHAUSTED: all slots are taken (then Reset() and
  // reset_slots in the message, or another stream). INVALID_ARGUMENT: the row
  // has another size than row_bytes.
  Result<uint32_t> SlotOf(uint32_t key, std::span<const uint8_t> row);

  bool Knows(uint32_t key) const { return slots_.contains(key); }
  // Rows that would still fit.
  uint32_t free_slots() const {
    return max_slots_ - static_cast<uint32_t>(slots_.size());
  }
  // Bytes that the next TakeNewRows() returns: send before they pass
  // kMaxRowBytesPerMessage.
  size_t new_row_bytes() const { return new_rows_.size(); }
  std::string TakeNewRows() { return std::exchange(new_rows_, {}); }

  // Forgets all slots and new rows.
  void Reset();

 private:
  size_t row_bytes_;
  uint32_t max_slots_;
  std::unordered_map<uint32_t, uint32_t> slots_;
  std::string new_rows_;
};

}  // namespace cmif::wire

#endif  // CMIF_WIRE_ROW_SENDER_H_
