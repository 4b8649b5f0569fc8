// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/words.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "cmif/text/code_point-inl.h"

namespace cmif::text {
namespace {

struct Character {
  size_t size_bytes;  // at least 1
  Piece::Kind kind;
  bool valid;  // part of well-formed UTF-8
};

// Those control characters that have Unicode's property White_Space.
bool IsSpaceControl(utf8proc_int32_t code_point) {
  return (code_point >= 0x09 && code_point <= 0x0D) || code_point == 0x85;
}

Piece::Kind KindOfCodePoint(utf8proc_int32_t code_point) {
  if (code_point >= '0' && code_point <= '9') return Piece::kDigits;
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Piece::kSpace;
    case UTF8PROC_CATEGORY_CC:
      return IsSpaceControl(code_point) ? Piece::kSpace : Piece::kWord;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return Piece::kPunctuation;
    default:
      return Piece::kWord;
  }
}

// Most text is ASCII: its kinds are looked up once.
const std::array<Piece::Kind, 128>& AsciiKinds() {
  static const auto kKinds = [] {
    std::array<Piece::Kind, 128> kinds{};
    for (size_t i = 0; i < kinds.size(); ++i) {
      kinds[i] = KindOfCodePoint(static_cast<utf8proc_int32_t>(i));
    }
    return kinds;
  }();
  return kKinds;
}

// The character at the start of a text that is not empty. A byte that starts
// no well-formed character stands alone (utf8proc refuses overlong forms,
// surrogates and what lies beyond U+10FFFF).
Character FirstCharacter(std::string_view utf8) {
  const auto lead = static_cast<uint8_t>(utf8.front());
  if (lead < 128) return {1, AsciiKinds()[lead], true};
  const auto [bytes, code_point] = FirstCodePoint(utf8);
  if (code_point < 0) return {bytes, Piece::kWord, false};
  return {bytes, KindOfCodePoint(code_point), true};
}

}  // namespace

std::string_view KindName(Piece::Kind kind) {
  switch (kind) {
    case Piece::kSpace:
      return "space";
    case Piece::kPunctuation:
      return "punctuation";
    case Piece::kWord:
      return "word";
    case Piece::kDigits:
      return "digits";
  }
  return "unknown";
}

std::vector<Piece> SplitWords(std::string_view utf8) {
  std::vector<Piece> pieces;
  size_t start = 0;
  size_t end = 0;
  while (end < utf8.size()) {
    const Character character = FirstCharacter(utf8.substr(end));
    if (pieces.empty() || pieces.back().kind != character.kind) {
      start = end;
      pieces.push_back({{}, character.kind});
    }
    end += character.size_bytes;
    pieces.back().text = utf8.substr(start, end - start);
  }
  return pieces;
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    if (!character.valid) return false;
    bytes.remove_prefix(character.size_bytes);
  }
  return true;
}

Result<void> CheckText(std::string_view utf8) {
  if (utf8.empty()) {
    return InvalidArgument("the text is empty; give at least one word");
  }
  bool only_space = true;
  for (size_t at = 0; at < utf8.size();) {
    if (utf8[at] == '\0') {
      return InvalidArgument(
          fmt::format("the text has a NUL byte at offset {}; remove it", at));
    }
    const Character character = FirstCharacter(utf8.substr(at));
    if (!character.valid) {
      return InvalidArgument(fmt::format(
          "the text is not valid UTF-8 at byte offset {}; convert it to UTF-8",
          at));
    }
    only_space = only_space && character.kind == Piece::kSpace;
    at += character.size_bytes;
  }
  if (only_space) {
    return InvalidArgument(
        "the text is white space alone; give at least one word");
  }
  return {};
}

}  // namespace cmif::text
