// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/text_assembler.h"

#include <gtest/gtest.h>

#include "cmif/text/words.h"

namespace cmif::client {
namespace {

// Feeds the pieces; every part shown must be whole characters.
std::string Show(TextAssembler& assembler,
                 std::initializer_list<std::string_view> pieces) {
  std::string shown;
  for (const std::string_view piece : pieces) {
    const std::string part = assembler.Add(piece);
    EXPECT_TRUE(text::IsUtf8(part));
    shown += part;
  }
  return shown;
}

TEST(TextAssemblerTest, CharactersCutAnywhereComeWhole) {
  const std::string text = "a\u00e9\u20ac\U0001F642z";  // 1 2 3 4 1 bytes
  for (size_t i = 0; i <= text.size(); ++i) {
    for (size_t j = i; j <= text.size(); ++j) {
      TextAssembler assembler({});
      const std::string_view view = text;
      EXPECT_EQ(Show(assembler, {view.substr(0, i), view.substr(i, j - i),
                                 view.substr(j)}),
                text);
      EXPECT_EQ(assembler.Finish(), "");
    }
  }
}

TEST(TextAssemblerTest, CutCharacterAtTheEndIsNotLost) {
  TextAssembler assembler({});
  EXPECT_EQ(assembler.Add("ab\xE2\x82"), "ab");
  EXPECT_EQ(assembler.Finish(), "\xE2\x82");
}

TEST(TextAssemblerTest, BytesThatAreNoUtf8PassInTheEnd) {
  const std::string bytes = "\x80\xBF\xFF\xC0 \xE2x";
  TextAssembler assembler({});
  std::string shown;
  for (const char byte : bytes) shown += assembler.Add({&byte, 1});
  EXPECT_EQ(shown + assembler.Finish(), bytes);
}

TEST(TextAssemblerTest, TextEndsBeforeAStopText) {
  TextAssembler assembler({"STOP"});
  EXPECT_EQ(assembler.Add("before STOP after"), "before ");
  EXPECT_TRUE(assembler.stopped());
  EXPECT_EQ(assembler.Add("more"), "");
  EXPECT_EQ(assembler.Finish(), "");
}

TEST(TextAssemblerTest, StopTextOverAnyPieceBordersIsFound) {
  const std::string text = "xx<end>yy";
  for (size_t i = 0; i <= text.size(); ++i) {
    for (size_t j = i; j <= text.size(); ++j) {
      TextAssembler assembler({"<end>"});
      const std::string_view view = text;
      EXPECT_EQ(Show(assembler, {view.substr(0, i), view.substr(i, j - i),
                                 view.substr(j)}),
                "xx")
          << i << " " << j;
      EXPECT_TRUE(assembler.stopped());
    }
  }
}

TEST(TextAssemblerTest, BeginningsOfAStopTextAreHeldBack) {
  TextAssembler assembler({"<end>"});
  EXPECT_EQ(assembler.Add("a<en"), "a");
  EXPECT_EQ(assembler.Add("dive>"), "<endive>");
  EXPECT_FALSE(assembler.stopped());
}

TEST(TextAssemblerTest, PartOfAStopTextAtTheEndIsShown) {
  TextAssembler assembler({"<end>"});
  EXPECT_EQ(assembler.Add("a<en"), "a");
  EXPECT_EQ(assembler.Finish(), "<en");
}

TEST(TextAssemblerTest, StopTextThatRepeatsItselfIsFound) {
  TextAssembler assembler({"aab"});
  EXPECT_EQ(Show(assembler, {"a", "a", "a", "b", "c"}), "a");
  EXPECT_TRUE(assembler.stopped());
}

TEST(TextAssemblerTest, TheEarliestOfSeveralStopTextsEndsTheText) {
  for (const auto& stops : {std::vector<std::string>{"two", "one"},
                            std::vector<std::string>{"one", "two"}}) {
    TextAssembler assembler(stops);
    EXPECT_EQ(assembler.Add("0 one 1 two 2"), "0 ");
  }
}

TEST(TextAssemblerTest, EmptyStopTextStopsNothing) {
  TextAssembler assembler({""});
  EXPECT_EQ(assembler.Add("abc"), "abc");
  EXPECT_FALSE(assembler.stopped());
}

TEST(TextAssemblerTest, StopTextOfOneCutCharacterIsFound) {
  TextAssembler assembler({"\u20ac"});
  EXPECT_EQ(Show(assembler, {"5\xE2", "\x82", "\xAC!"}), "5");
  EXPECT_TRUE(assembler.stopped());
}

}  // namespace
}  // namespace cmif::client
