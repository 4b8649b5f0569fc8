// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cmif::text {
namespace {

using testing::HasSubstr;
using testing::Not;

// "word(don) punctuation(')...": the pieces in one line.
std::string Show(std::string_view text) {
  std::string shown;
  for (const Piece& piece : SplitWords(text)) {
    if (!shown.empty()) shown += ' ';
    shown += KindName(piece.kind);
    shown += '(' + std::string(piece.text) + ')';
  }
  return shown;
}

void ExpectLossless(std::string_view text) {
  std::string joined;
  const Piece* before = nullptr;
  const std::vector<Piece> pieces = SplitWords(text);
  for (const Piece& piece : pieces) {
    ASSERT_FALSE(piece.text.empty());
    ASSERT_EQ(piece.text.data(), text.data() + joined.size());
    ASSERT_TRUE(before == nullptr || before->kind != piece.kind);
    joined += piece.text;
    before = &piece;
  }
  ASSERT_EQ(joined, text);
}

TEST(WordsTest, SpacesAndPunctuationSplitWords) {
  EXPECT_EQ(Show("don't"), "word(don) punctuation(') word(t)");
  EXPECT_EQ(Show("Hello,  World!"),
            "word(Hello) punctuation(,) space(  ) word(World) punctuation(!)");
  EXPECT_EQ(Show("a_b-c"),
            "word(a) punctuation(_) word(b) punctuation(-) word(c)");
  EXPECT_EQ(Show("wait..."), "word(wait) punctuation(...)");
  EXPECT_EQ(Show("\u201cdon\u2019t\u201d"),
            "punctuation(\u201c) word(don) punctuation(\u2019) word(t) "
            "punctuation(\u201d)");
}

TEST(WordsTest, SymbolsAreWords) {
  EXPECT_EQ(Show("C++"), "word(C++)");
  EXPECT_EQ(Show("$5.20"), "word($) digits(5) punctuation(.) digits(20)");
  EXPECT_EQ(Show("a=b|c"), "word(a=b|c)");
  EXPECT_EQ(Show("\u20ac\u00b0"), "word(\u20ac\u00b0)");
}

TEST(WordsTest, AsciiDigitsAreCutOutOfWords) {
  EXPECT_EQ(Show("abc123def"), "word(abc) digits(123) word(def)");
  EXPECT_EQ(Show("2024"), "digits(2024)");
  EXPECT_EQ(Show("1st"), "digits(1) word(st)");
}

TEST(WordsTest, OtherDigitsStayInWords) {
  EXPECT_EQ(Show("\u0663\u0664"), "word(\u0663\u0664)");  // Arabic-Indic
  EXPECT_EQ(Show("x\u00b2\u00bd\u2167"), "word(x\u00b2\u00bd\u2167)");
  EXPECT_EQ(Show("\uff15"), "word(\uff15)");  // full width
}

TEST(WordsTest, EveryWhiteSpaceOfUnicodeIsSpace) {
  for (const std::string_view space :
       {"\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085",
        "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
        "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
        "\u2029", "\u202f", "\u205f", "\u3000"}) {
    const std::string text = "a" + std::string(space) + "b";
    const std::vector<Piece> pieces = SplitWords(text);
    ASSERT_EQ(pieces.size(), 3U) << Show(text);
    EXPECT_EQ(pieces[1].kind, Piece::kSpace);
    EXPECT_EQ(pieces[1].text, space);
  }
}

TEST(WordsTest, RunsOfSpaceAreOnePiece) {
  EXPECT_EQ(Show("a\r\nb"), "word(a) space(\r\n) word(b)");
  EXPECT_EQ(Show("a \u00a0\u2028 b"), "word(a) space( \u00a0\u2028 ) word(b)");
  EXPECT_EQ(Show("a\x01\x7f"), "word(a\x01\x7f)");
}

TEST(WordsTest, OtherScripts) {
  EXPECT_EQ(Show("你好,世界。"),
            "word(你好) punctuation(,) word(世界) punctuation(。)");
  EXPECT_EQ(Show("नमस्ते दुनिया"), "word(नमस्ते) space( ) word(दुनिया)");
  EXPECT_EQ(Show("¿qué?"), "punctuation(¿) word(qué) punctuation(?)");
}

TEST(WordsTest, CombiningMarksBelongToTheWord) {
  EXPECT_EQ(Show("cafe\u0301 x"), "word(cafe\u0301) space( ) word(x)");
  EXPECT_EQ(Show("!\u0301"), "punctuation(!) word(\u0301)");
}

TEST(WordsTest, EmojiSequencesAreOneWord) {
  // family (joined by U+200D), flag, skin tone, heart with selector
  for (const std::string_view emoji :
       {"\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F1E9\U0001F1EA",
        "\U0001F44D\U0001F3FD", "\u2764\uFE0F", "\U0001F600"}) {
    const std::string text = "so " + std::string(emoji) + "!";
    EXPECT_EQ(Show(text), "word(so) space( ) word(" + std::string(emoji) +
                              ") punctuation(!)");
  }
}

TEST(WordsTest, InvisibleAndUnknownCharactersAreWords) {
  for (const std::string_view character :
       {"\u200b", "\ufeff", "\u00ad", "\ue000", "\u0378", "\U0010ffff"}) {
    EXPECT_EQ(Show(character), "word(" + std::string(character) + ")");
  }
}

TEST(WordsTest, EmptyTextHasNoPieces) { EXPECT_TRUE(SplitWords("").empty()); }

TEST(WordsTest, KindsHaveTheirNames) {
  EXPECT_EQ(KindName(Piece::kSpace), "space");
  EXPECT_EQ(KindName(Piece::kPunctuation), "punctuation");
  EXPECT_EQ(KindName(Piece::kWord), "word");
  EXPECT_EQ(KindName(Piece::kDigits), "digits");
}

// What RFC 3629 forbids, with the offset of the first wrong byte.
const std::vector<std::pair<std::string_view, size_t>>& InvalidTexts() {
  static const std::vector<std::pair<std::string_view, size_t>> kTexts = {
      {"a\x80z", 1},            // lone continuation
      {"ab\xc3", 2},            // cut short
      {"ab\xe2\x82", 2},        //
      {"ab\xf0\x9f\x98", 2},    //
      {"\xc0\xaf", 0},          // overlong '/'
      {"\xe0\x80\xaf", 0},      //
      {"\xf0\x80\x80\xaf", 0},  //
      {"x\xed\xa0\x80", 1},     // surrogate U+D800
      {"x\xed\xbf\xbf", 1},     // surrogate U+DFFF
      {"\xf4\x90\x80\x80", 0},  // beyond U+10FFFF
      {"\xff\xfe", 0},          // never in UTF-8
      {"\xf8\x88\x80\x80\x80", 0},
      {"\xc3 a", 0},  // lead without its continuation
  };
  return kTexts;
}

TEST(WordsTest, InvalidBytesAreWordsAndNothingIsLost) {
  for (const auto& [text, offset] : InvalidTexts()) {
    ExpectLossless(text);
    const std::vector<Piece> pieces = SplitWords(text.substr(offset));
    EXPECT_EQ(pieces.front().kind, Piece::kWord) << offset;
  }
}

TEST(CheckTextTest, GoodTextPasses) {
  for (const std::string_view text :
       {"a", "!", "\ufffe", "\U0010ffff", "a\tb\r\n", "\u200b", "7"}) {
    EXPECT_TRUE(CheckText(text).has_value()) << text;
  }
}

TEST(CheckTextTest, InvalidUtf8IsNamedByItsOffset) {
  for (const auto& [text, offset] : InvalidTexts()) {
    const Result<void> result = CheckText(text);
    ASSERT_FALSE(result.has_value()) << offset;
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(result.error().message(),
                HasSubstr("byte offset " + std::to_string(offset) + ";"));
  }
}

TEST(CheckTextTest, NulIsNamedByItsOffset) {
  const Result<void> result = CheckText(std::string_view("ab\0c", 4));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(result.error().message(), HasSubstr("NUL byte at offset 2"));
}

TEST(CheckTextTest, MessagesNeverHoldTheText) {
  EXPECT_THAT(CheckText("zebra\xff").error().message(),
              Not(HasSubstr("zebra")));
}

TEST(CheckTextTest, EmptyAndBlankHaveTheirOwnMessages) {
  EXPECT_THAT(CheckText("").error().message(), HasSubstr("empty"));
  for (const std::string_view blank : {" ", "\r\n", "\u3000\u00a0", "\u0085"}) {
    const Result<void> result = CheckText(blank);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(result.error().message(), HasSubstr("white space alone"));
  }
}

// Bytes chosen so that valid, cut and wrong sequences all come up often.
TEST(WordsPropertyTest, RandomBytesAreLossless) {
  static constexpr std::string_view kPieces[] = {
      "a",      "7",  " ",    "'",    "\xc3",         "\xa9", "\xe2\x80",
      "\u2019", "\n", "\xf0", "\xff", "\U0001F600",   "\0x",  "\u0301",
      "\u4e16", "$",  "\xed", "\x80", "\xf4\x8f\xbf", "\xbf", "\u00a0"};
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t i = random() % 40; i > 0; --i) {
      text += kPieces[random() % std::size(kPieces)];
    }
    ExpectLossless(text);
    if (CheckText(text)) {
      EXPECT_FALSE(SplitWords(text).empty());
      EXPECT_TRUE(IsUtf8(text));
    }
  }
}

TEST(WordsPropertyTest, ReviewsAreLossless) {
  std::ifstream file(CMIF_SOURCE_DIR "/../shared/data/sst2/dev.tsv");
  if (!file) GTEST_SKIP() << "no ../shared/data/sst2/dev.tsv beside the tree";
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    ExpectLossless(line);
    EXPECT_TRUE(CheckText(line).has_value()) << "line " << lines;
  }
  EXPECT_GT(lines, 800U);
}

// A quadratic cut would take hours here.
TEST(WordsTest, LongLinesTakeLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  const std::string letters(1 << 20, 'x');
  EXPECT_EQ(SplitWords(letters).size(), 1U);
  std::string mixed;
  while (mixed.size() < (1 << 20)) mixed += "x1";
  EXPECT_EQ(SplitWords(mixed).size(), mixed.size());
  const std::string broken(1 << 20, '\xe2');
  EXPECT_EQ(SplitWords(broken).size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace cmif::text
