// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/printable.h"

#include <utf8proc.h>

#include <cstdint>

#include "cmif/text/code_point-inl.h"

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
    const auto [bytes, code_point] = FirstCodePoint(utf8);
    if (code_point >= 0 && MayBeShown(code_point)) {
      shown += utf8.substr(0, bytes);
    } else {
      shown += '?';
    }
    utf8.remove_prefix(bytes);
  }
  return shown;
}

}  // namespace cmif::text
