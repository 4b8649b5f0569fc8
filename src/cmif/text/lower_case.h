// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEXT_LOWER_CASE_H_
#define CMIF_TEXT_LOWER_CASE_H_

#include <string>
#include <string_view>

namespace cmif::text {

// The text with every character in lower case (Unicode's simple mapping: one
// character for one). Bytes that are not UTF-8 stay. Pure; thread-safe.
std::string LowerCase(std::string_view utf8);

}  // namespace cmif::text

#endif  // CMIF_TEXT_LOWER_CASE_H_
