// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/printable.h"

#include <utf8proc.h>

#include <cstdint>

namespace cmif::text {
namespace {

bool MayBeShown(utf8proc_int32_t c) {
  const bool control =
      (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f);
  const bool turns =
      (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return !control && !turns;
}

}  // namespace

std::string Printable(std::string_view utf8) {
  std::string shown;
  shown.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::string_view head = utf8.substr(0, 4);
    utf8proc_int32_t code_point = -1;
    const utf8proc_ssize_t read = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(head.data()),
        static_cast<utf8proc_ssize_t>(head.size()), &code_point);
    const size_t size = read > 0 ? static_cast<size_t>(read) : 1;
    if (read > 0 && MayBeShown(code_point)) {
      shown += utf8.substr(0, size);
    } else {
      shown += '?';
    }
    utf8.remove_prefix(size);
  }
  return shown;
}

}  // namespace cmif::text
