// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/stop_words.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/text/lower_case.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

TEST(StopWordsTest, SortedEachOnceAndOfAboutTheUsualNumber) {
  const auto words = StopWords();
  EXPECT_GE(words.size(), 150U);
  EXPECT_LE(words.size(), 180U);
  EXPECT_TRUE(std::ranges::adjacent_find(words, std::greater_equal<>{}) ==
              words.end());
}

TEST(StopWordsTest, EachIsOneLowerCaseWord) {
  for (const std::string_view word : StopWords()) {
    EXPECT_EQ(text::SplitWords(word).size(), 1U) << word;
    EXPECT_EQ(text::LowerCase(word), word);
  }
}

TEST(StopWordsTest, HoldsFunctionWordsAndNoContent) {
  for (const char* word : {"the", "of", "and", "not", "she", "t"}) {
    EXPECT_TRUE(std::ranges::binary_search(StopWords(), word)) << word;
  }
  for (const char* word : {"don", "won", "good", "man", "mark", "film"}) {
    EXPECT_FALSE(std::ranges::binary_search(StopWords(), word)) << word;
  }
}

}  // namespace
}  // namespace cmif::client
