// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/raw_member.h"

#include <algorithm>

namespace cmif::tee {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

size_t SkipSpaces(std::string_view json, size_t at) {
  return std::min(json.find_first_not_of(kSpaces, at), json.size());
}

// The end of the string that begins at `at`, behind its quotation mark.
size_t EndOfString(std::string_view json, size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

// The end of the value that begins at `at`.
size_t EndOfValue(std::string_view json, size_t at) {
  size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = EndOfString(json, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if ((c == '}' || c == ']' || c == ',') && depth == 0) {
      break;  // of the object that holds it
    } else {
      if (c == '}' || c == ']') --depth;
      ++at;
    }
    if (depth == 0 && at < json.size() &&
        kSpaces.find(json[at]) != std::string_view::npos) {
      break;
    }
  }
  return at;
}

}  // namespace

Result<std::string_view> RawMember(std::string_view json,
                                   std::string_view key) {
  size_t at = SkipSpaces(json, 0) + 1;  // behind the brace
  while (true) {
    at = SkipSpaces(json, at);
    if (at >= json.size() || json[at] != '"') break;
    const size_t name_end = EndOfString(json, at);
    const std::string_view name = json.substr(at + 1, name_end - at - 2);
    at = SkipSpaces(json, name_end);  // the colon
    at = SkipSpaces(json, std::min(at + 1, json.size()));
    const size_t end = EndOfValue(json, at);
    if (name == key) return json.substr(at, end - at);
    at = SkipSpaces(json, end);
    if (at >= json.size() || json[at] != ',') break;
    ++at;
  }
  return DataLoss("a JSON text has no such member");
}

}  // namespace cmif::tee
