// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/lower_case.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>

#include "cmif/text/code_point-inl.h"

namespace cmif::text {

std::string LowerCase(std::string_view utf8) {
  std::string lower;
  lower.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto lead = static_cast<uint8_t>(utf8.front());
    if (lead < 128) {
      lower += static_cast<char>(lead >= 'A' && lead <= 'Z' ? lead + 32 : lead);
      utf8.remove_prefix(1);
      continue;
    }
    const auto [bytes, code_point] = FirstCodePoint(utf8);
    if (code_point < 0) {
      lower += utf8.front();
      utf8.remove_prefix(1);
      continue;
    }
    std::array<utf8proc_uint8_t, 4> encoded{};
    const utf8proc_ssize_t length =
        utf8proc_encode_char(utf8proc_tolower(code_point), encoded.data());
    lower.append(reinterpret_cast<const char*>(encoded.data()),
                 static_cast<size_t>(length));
    utf8.remove_prefix(bytes);
  }
  return lower;
}

}  // namespace cmif::text
