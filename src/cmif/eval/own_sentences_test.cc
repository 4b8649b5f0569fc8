// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/own_sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/text/words.h"

namespace cmif::eval {
namespace {

using ::testing::ElementsAre;

TEST(OwnSentencesTest, AllOfThemAreText) {
  EXPECT_EQ(OwnSentences().size(), 20U);
  for (const std::string& text : OwnSentences()) {
    EXPECT_TRUE(text::CheckText(text));
  }
}

TEST(OwnSentencesTest, FirstColumnWithoutHeadingIsTaken) {
  EXPECT_THAT(TextsOf("sentence\tlabel\na b\t1\r\n\nc d\t0", 9).value(),
              ElementsAre("a b", "c d"));
}

TEST(OwnSentencesTest, PlainLinesAreTakenWhole) {
  EXPECT_THAT(TextsOf("sentence\nsecond one\n", 9).value(),
              ElementsAre("sentence", "second one"));
}

TEST(OwnSentencesTest, LinesThatAreNoTextAreLeftOut) {
  const std::string file("good\nbad\xff\n  \nnul\0l\nfine", 23);
  EXPECT_THAT(TextsOf(file, 9).value(), ElementsAre("good", "fine"));
}

TEST(OwnSentencesTest, TheLimitHolds) {
  EXPECT_EQ(TextsOf("a\nb\nc\n", 2).value().size(), 2U);
}

TEST(OwnSentencesTest, NothingLeftIsAnError) {
  EXPECT_FALSE(TextsOf("", 9));
  EXPECT_FALSE(TextsOf("\n \n", 9));
  EXPECT_FALSE(TextsOf("sentence\tlabel\n", 9));
  EXPECT_FALSE(TextsOf("a\n", 0));
}

}  // namespace
}  // namespace cmif::eval
