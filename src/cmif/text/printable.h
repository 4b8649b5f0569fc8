// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEXT_PRINTABLE_H_
#define CMIF_TEXT_PRINTABLE_H_

#include <string>
#include <string_view>

namespace cmif::text {

// The text as a terminal may get it: control characters (of ASCII but newline
// and tab, and U+0080 to U+009F), marks that turn the direction of writing
// (U+202A to U+202E, U+2066 to U+2069), and each byte that is not UTF-8 become
// '?'. Pure; thread-safe.
std::string Printable(std::string_view utf8);

}  // namespace cmif::text

#endif  // CMIF_TEXT_PRINTABLE_H_
