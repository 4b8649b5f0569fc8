// SPDX-License-Identifier: Apache-2.0
// How text falls into words. Pure functions; thread-safe.
#ifndef CMIF_TEXT_WORDS_H_
#define CMIF_TEXT_WORDS_H_

#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::text {

// A stretch of a text, as long as its kind goes on: neighbours differ in kind.
struct Piece {
  enum Kind {
    // Unicode's property White_Space.
    kSpace,
    // General category P*: ! " # % & ' ( ) * , - . / : ; ? @ [ \ ] _ { } and
    // the like of every script. It splits words: "don't" is don, ', t.
    kPunctuation,
    // All the rest: letters, marks, symbols ("C++" and "$" are words), emoji
    // with their joiners and selectors (Cf), other control characters, private,
    // unassigned and invalid bytes. Whatever is not known to be harmless is a
    // word.
    kWord,
    // ASCII 0-9, also inside a word: "abc123def" is abc, 123, def. Digits of
    // other scripts are word characters: the vocabularies whose digit tokens
    // make up the class of digits have ASCII digits alone.
    kDigits,
  };

  std::string_view text;
  Kind kind;

  friend bool operator==(const Piece&, const Piece&) = default;
};

// "space", "punctuation", "word" or "digits".
std::string_view KindName(Piece::Kind kind);

// Cuts a text into pieces whose concatenation is the text, byte by byte; never
// fails, whatever the bytes. The pieces point into `utf8`, which must outlive
// them. Linear time; some 16 bytes of memory for each piece.
std::vector<Piece> SplitWords(std::string_view utf8);

// Whether all bytes are part of well-formed characters.
bool IsUtf8(std::string_view bytes);

// INVALID_ARGUMENT for what no command takes: bytes that are not UTF-8 or are
// NUL (the first one's offset is named, never the text), an empty text, and a
// text of white space alone.
Result<void> CheckText(std::string_view utf8);

}  // namespace cmif::text

#endif  // CMIF_TEXT_WORDS_H_
