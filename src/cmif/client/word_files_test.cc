// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/word_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(WordListTest, WordsAreTrimmedAndLowered) {
  EXPECT_THAT(ParseWordList("\xEF\xBB\xBFThe\r\n\n  of \t\nÉté").value(),
              ElementsAre("the", "of", "été"));
}

TEST(WordListTest, BadLinesAreNamed) {
  for (const auto& [text, line] :
       {std::pair{std::string("a\nnew york\n"), "line 2 has several"},
        {std::string("a\n\n\xff\n"), "line 3 is not text"},
        {std::string("a\0b", 3), "line 1 is not text"},
        {std::string(5'000, 'x'), "line 1 is longer"},
        {std::string("\n \n"), "no word"},
        {std::string(), "no word"}}) {
    const auto words = ParseWordList(text);
    ASSERT_FALSE(words.has_value());
    EXPECT_EQ(words.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(words.error().message(), HasSubstr(line));
    EXPECT_THAT(words.error().message(), Not(HasSubstr("york")));
  }
}

TEST(WordPairsFileTest, TwoWordsALine) {
  EXPECT_THAT(ParseWordPairs("Hot cold \n\nup\tDown\r\n").value(),
              ElementsAre(Pair("hot", "cold"), Pair("up", "down")));
  for (const char* text : {"one\n", "a b c\n", "", "\n"}) {
    EXPECT_FALSE(ParseWordPairs(text)) << text;
  }
}

TEST(WordPairsFileTest, RealListsAreRead) {
  const auto folder = std::filesystem::path(CMIF_SOURCE_DIR).parent_path() /
                      "shared/data/word-vectors";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "SKIPPED, no word lists at " << folder;
  }
  EXPECT_EQ(ReadWordPairs(folder / "wordnet_antonyms.txt")->size(), 12'574U);
  EXPECT_EQ(ReadWordPairs(folder / "ppdb_antonyms.txt")->size(), 638U);
  EXPECT_EQ(ReadWordPairs(folder / "ppdb_synonyms.txt")->size(), 53'809U);
}

TEST(WordCountsTest, LinesAndJsonAgree) {
  const auto lines = ParseWordCounts("the\t12\nThe 3\nof 0\nthe 1.5\n").value();
  EXPECT_THAT(lines, UnorderedElementsAre(Pair("the", 13.5), Pair("The", 3),
                                          Pair("of", 0)));
  EXPECT_EQ(ParseWordCounts(R"( {"the": 13.5, "The": 3, "of": 0})").value(),
            lines);
}

TEST(WordCountsTest, BadLinesAreNamed) {
  for (const auto& [text, what] :
       {std::pair{"a 1\nb -2\n", "line 2 has a negative"},
        {"a 1\nb\n", "line 2 is not a word and its count"},
        {"a b 1\n", "line 1 is not a word"},
        {"a one\n", "line 1 has a count that is no number"},
        {"a 1x\n", "no number"},
        {"a nan\n", "not finite"},
        {"a inf\n", "not finite"},
        {"a 1e308\na 1e308\n", "line 2 makes a sum overflow"},
        {"a 0\nb 0.0\n", "no word has a count above zero"},
        {"", "no word has a count above zero"},
        {"{\"a\": -1}", "entry 1 has a negative"},
        {"{\"a\": 1, \"b\": \"2\"}", "entry 2 has a count that is no number"},
        {"{\"a\": 1", "no object of counts"},
        {"{}", "no word has a count above zero"}}) {
    const auto counts = ParseWordCounts(text);
    ASSERT_FALSE(counts.has_value()) << text;
    EXPECT_EQ(counts.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(counts.error().message(), HasSubstr(what)) << text;
  }
}

TEST(WordFilesTest, MissingFilesAreNotFound) {
  EXPECT_EQ(ReadWordList("/nowhere").error().code(), Code::kNotFound);
  EXPECT_EQ(ReadWordPairs("/nowhere").error().code(), Code::kNotFound);
  EXPECT_EQ(ReadWordCounts("/nowhere").error().code(), Code::kNotFound);
}

TEST(WordFilesTest, ErrorsHaveThePathInFront) {
  const testing::TempFolder folder;
  const auto path = folder / "counts";
  ASSERT_TRUE(WriteFileAtomically(path, AsBytes("a -1\n")));
  EXPECT_THAT(ReadWordCounts(path).error().message(),
              HasSubstr(path.string() + ": line 1"));
}

class CountsOfUnitsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
  }
  const UnitTable& Units() const { return model_->units(); }
  double Count(const WordCounts& counts, int32_t id) const {
    return CountsOfUnits(Units(), counts).value()[static_cast<size_t>(id)];
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
};

TEST_F(CountsOfUnitsTest, WordsHaveTheirOwnFormsCount) {
  const int32_t word = Units().words()[3];
  EXPECT_EQ(Count({{Units().Written(word), 7.0}}, word), 7);
  EXPECT_EQ(Count({{Units().Written(word), 7.0}}, Units().words()[4]), 0);
}

TEST_F(CountsOfUnitsTest, OnlyWordsAndDigitsAtTheStartCount) {
  WordCounts counts;
  for (int32_t id = 0; id < Units().size(); ++id) {
    counts[Units().Written(id)] = 1;
  }
  const auto of_id = CountsOfUnits(Units(), counts).value();
  for (int32_t id = 0; id < Units().size(); ++id) {
    const int32_t its_class = Units().class_of()[static_cast<size_t>(id)];
    const bool counted =
        its_class == kWordClass || its_class == DigitsClass(1, true) ||
        its_class == DigitsClass(2, true) || its_class == DigitsClass(3, true);
    EXPECT_EQ(of_id[static_cast<size_t>(id)], counted ? 1 : 0) << id;
  }
}

TEST_F(CountsOfUnitsTest, CountsOfOtherWordsAreRefused) {
  EXPECT_FALSE(CountsOfUnits(Units(), {{"nosuchword", 5.0}}));
  EXPECT_FALSE(CountsOfUnits(Units(), {}));
}

TEST_F(CountsOfUnitsTest, FormsAreLowered) {
  const WordsByForm forms = WordsByLowerCase(Units());
  size_t units = 0;
  for (const auto& [form, ids] : forms) units += ids.size();
  EXPECT_EQ(units, Units().words().size());
}

}  // namespace
}  // namespace cmif::client
