// SPDX-License-Identifier: Apache-2.0
// For the sources of this room.
#ifndef CMIF_TEXT_CODE_POINT_INL_H_
#define CMIF_TEXT_CODE_POINT_INL_H_

#include <utf8proc.h>

#include <cstddef>
#include <string_view>

namespace cmif::text {

struct CodePoint {
  size_t bytes;            // 1 for a byte that is not UTF-8
  utf8proc_int32_t value;  // -1 for a byte that is not UTF-8
};

// The first character of a text that is not empty.
inline CodePoint FirstCodePoint(std::string_view utf8) {
  // No character is longer than 4 bytes; the cut keeps lengths in range.
  const std::string_view head = utf8.substr(0, 4);
  utf8proc_int32_t value = -1;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(head.data()),
                       static_cast<utf8proc_ssize_t>(head.size()), &value);
  if (bytes <= 0) return {1, -1};
  return {static_cast<size_t>(bytes), value};
}

}  // namespace cmif::text

#endif  // CMIF_TEXT_CODE_POINT_INL_H_
