// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BASE_BYTE_READER_H_
#define CMIF_BASE_BYTE_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cmif/base/status.h"

namespace cmif {

// Reads little-endian values from bytes that may be hostile: every read is
// checked against what is left, and a failed read moves nothing. The bytes
// must outlive the reader. Fails with DATA_LOSS ("ends early").
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  template <typename T>
    requires std::is_arithmetic_v<T>
  Result<T> Read() {
    CMIF_ASSIGN(const std::span<const uint8_t> raw, Take(sizeof(T)));
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  // A view of the next `count` bytes.
  Result<std::span<const uint8_t>> Take(uint64_t count) {
    if (count > remaining()) return DataLoss("the data ends early");
    const auto view = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return view;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

// Appends little-endian values.
class ByteWriter {
 public:
  template <typename T>
    requires std::is_arithmetic_v<T>
  void Write(T value) {
    const auto* raw = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof(T));
  }
  void Append(std::span<const uint8_t> raw) {
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> Release() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace cmif

#endif  // CMIF_BASE_BYTE_READER_H_
