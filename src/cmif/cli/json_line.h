// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_JSON_LINE_H_
#define CMIF_CLI_JSON_LINE_H_

#include <nlohmann/json.hpp>
#include <string>

namespace cmif::cli {

// JSON in one line. Bytes that are not UTF-8 (names in files, answers cut in
// the middle of a character) become U+FFFD instead of an exception.
template <typename Json>
std::string JsonLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cmif::cli

#endif  // CMIF_CLI_JSON_LINE_H_
