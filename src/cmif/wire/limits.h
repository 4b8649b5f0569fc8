// SPDX-License-Identifier: Apache-2.0
// Numbers that client and server agree on; docs/protocol.md gives reasons.
#ifndef CMIF_WIRE_LIMITS_H_
#define CMIF_WIRE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace cmif::wire {

inline constexpr uint32_t kProtocolVersion = 3;

// The largest message either side accepts (gRPC refuses longer ones).
inline constexpr size_t kMaxMessageBytes = 16U << 20;
// gRPC's settings of both sides: what a peer compressed is refused. It would be
// unpacked before its size is checked, and a short message can be a huge one.
struct GrpcSetting {
  const char* name;
  int value;
};
inline constexpr GrpcSetting kNoCompression[] = {
    {"grpc.compression_enabled_algorithms_bitset", 1},
    {"grpc.per_message_decompression", 0},
};
// What a sender puts into one message's new_rows: leaves space for the slots.
inline constexpr size_t kMaxRowBytesPerMessage = 12U << 20;
// Positions that one message may name.
inline constexpr size_t kMaxPositionsPerMessage = 262'144;

// Slots of a stream: at most this many, and fewer where rows are long. The
// server keeps rows in the table's own type, so this bounds its memory.
inline constexpr uint32_t kMaxSlots = 65'536;
inline constexpr size_t kMaxSlotBytes = 64U << 20;

// Rows with a larger absolute value (dequantised), infinite or NaN are refused:
// such values can cross from one sequence to others inside a model
// (reference/engine.md 1). Tables of real models stay below 100.
inline constexpr float kMaxAbsValue = 1e4F;

// Slots that a stream of rows of this size gets.
constexpr uint32_t SlotsFor(size_t row_bytes) {
  const size_t fit = row_bytes == 0 ? 0 : kMaxSlotBytes / row_bytes;
  return fit < kMaxSlots ? static_cast<uint32_t>(fit) : kMaxSlots;
}

}  // namespace cmif::wire

#endif  // CMIF_WIRE_LIMITS_H_
