// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/sanitizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "cmif/client/channel_store.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;
using testing::Kind;

// Both tiny models, split once for all cases.
class SanitizerTest : public ::testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() {
    for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
      Shared& shared = shared_[static_cast<size_t>(kind)];
      if (shared.model != nullptr) continue;
      shared.folder = std::make_unique<testing::TempFolder>();
      shared.model = testing::SplitTiny(kind, *shared.folder).value();
      shared.channel =
          OpenChannel(
              *shared.model,
              {.spec = {.epsilon = privacy::Epsilon::Create(1).value()}}, {})
              .value();
    }
  }
  static void TearDownTestSuite() { shared_ = {}; }

  const std::shared_ptr<ClientModel>& model() const {
    return shared_[static_cast<size_t>(GetParam())].model;
  }
  const UnitTable& units() const { return model()->units(); }
  Sanitizer Private() const {
    return Sanitizer::Create(model(),
                             shared_[static_cast<size_t>(GetParam())].channel)
        .value();
  }
  Sanitizer Identity() const {
    return Sanitizer::Create(model(), nullptr).value();
  }
  int ClusterOf(std::string_view word) const {
    const int32_t unit = units().FindWord(word);
    return unit < 0 ? -1 : model()->clustering()->cluster_of(unit);
  }

  InsecureSeededRandom random_{42};

 private:
  struct Shared {
    std::unique_ptr<testing::TempFolder> folder;
    std::shared_ptr<ClientModel> model;
    std::shared_ptr<const privacy::Channel> channel;
  };
  static inline std::array<Shared, 2> shared_;
};

INSTANTIATE_TEST_SUITE_P(Tiny, SanitizerTest,
                         ::testing::Values(Kind::kLlama, Kind::kBert),
                         [](const auto& kind) {
                           return kind.param == Kind::kLlama ? "Llama" : "Bert";
                         });

std::vector<std::string> Texts() {
  std::vector<std::string> texts = {
      "bada kilo.",
      "  two  spaces\tand a tab ",
      "don't stop-me (now)!",
      "Gr\u00fc\u00dfe aus K\u00f6ln, 3 \u20ac und \u00bd",
      "\u4f60\u597d \u043c\u0438\u0440 \u0645\u0631\u062d\u0628\u0627",
      "abc123def 2026-11-24 v1.2.3",
      "\U0001F642\U0001F468\u200D\U0001F469\u200D\U0001F467 ok",
      "<|im_end|> [SEP] </s> <unk> \u2581bada",
      "line\r\nwith breaks",
      ".",
      "e\u0301 combining"};
  std::ifstream file(fs::path(CMIF_SOURCE_DIR).parent_path() /
                     "shared/data/sst2/dev.tsv");
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line))
    texts.push_back(line.substr(0, line.find('\t')));
  return texts;
}

// Some of the lines of every text file of shared/data, besides Texts().
std::vector<std::string> AllTexts() {
  constexpr size_t kLinesOfFile = 1000;
  constexpr size_t kMaxBytes = 4000;
  std::vector<std::string> texts = Texts();
  const fs::path data = fs::path(CMIF_SOURCE_DIR).parent_path() / "shared/data";
  for (const char* folder :
       {"pii", "qnli", "rouge", "stopwords", "summarization", "word-vectors"}) {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(data / folder, absent)) {
      std::ifstream file(entry.path());
      std::string line;
      for (size_t n = 0; n < kLinesOfFile && std::getline(file, line);) {
        if (line.size() > kMaxBytes || !text::CheckText(line)) continue;
        texts.push_back(line);
        ++n;
      }
    }
  }
  return texts;
}

TEST_P(SanitizerTest, IdentityIsTheTextAndItsTokensExactly) {
  Sanitizer sanitizer = Identity();
  PromptRows rows = PromptRows::Create(sanitizer, {}, RowKind::kPlain).value();
  const std::vector<std::string> texts = AllTexts();
  if (texts.size() < 10000) {
    std::cerr << "NOTE: shared/data is not there in full: of its texts only "
              << texts.size() << " were tried\n";
  }
  for (const std::string& text : texts) {
    const auto result = sanitizer.Sanitize(text, random_);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    ASSERT_EQ(result->text, text);
    ASSERT_EQ(result->words_changed, 0U);
    ASSERT_EQ(result->words_unprotected, result->words.size());
    // What leaves: the rows of the whole text's tokens, in order.
    const auto ids = model()->tokenizer().Encode(text, true).value();
    const auto sent = rows.OfText(ids).value();
    ASSERT_EQ(sent.size(), ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      ASSERT_TRUE(
          std::ranges::equal(sent[i].bytes, model()->table().Row(ids[i])));
    }
  }
}

// The kinds of a text's pieces, and the text of those that are no words.
std::string Skeleton(std::string_view text) {
  std::string skeleton;
  for (const text::Piece& piece : text::SplitWords(text)) {
    if (piece.kind == text::Piece::kWord) {
      skeleton += 'W';
    } else if (piece.kind == text::Piece::kDigits) {
      skeleton += std::string(piece.text.size(), 'D');
    } else {
      skeleton += piece.text;
    }
  }
  return skeleton;
}

TEST_P(SanitizerTest, SpacesPunctuationAndLengthsOfDigitsAreKept) {
  Sanitizer sanitizer = Private();
  for (const std::string& text : Texts()) {
    const auto result = sanitizer.Sanitize(text, random_);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    ASSERT_EQ(Skeleton(result->text), Skeleton(text));
  }
}

TEST_P(SanitizerTest, OutcomeLiesInTheClusterOfTheWord) {
  Sanitizer sanitizer = Private();
  for (const std::string& word : model::testing::TinyWords()) {
    for (int i = 0; i < 20; ++i) {
      const auto result = sanitizer.Sanitize(word, random_);
      ASSERT_TRUE(result.has_value());
      ASSERT_EQ(result->words.size(), 1U);
      EXPECT_EQ(ClusterOf(result->text), ClusterOf(word));
    }
  }
}

TEST_P(SanitizerTest, EveryWordOfTheClusterComesOut) {
  Sanitizer sanitizer = Private();
  const std::string word = model::testing::TinyWords()[3];
  const auto& cluster =
      model()->clustering()->clusters()[static_cast<size_t>(ClusterOf(word))];
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    seen.insert(sanitizer.Sanitize(word, random_)->text);
  }
  EXPECT_EQ(seen.size(), cluster.size());
}

TEST_P(SanitizerTest, AWordLeavesInTheUnitsFormWhetherItChangedOrNot) {
  Sanitizer sanitizer = Private();
  bool kept = false;
  for (int i = 0; i < 2000; ++i) {
    const auto result = sanitizer.Sanitize("BaDa", random_);
    ASSERT_TRUE(result.has_value());
    ASSERT_GE(units().FindWord(result->text), 0);
    EXPECT_NE(result->text, "BaDa");
    EXPECT_EQ(result->words_changed, result->text == "bada" ? 0U : 1U);
    kept |= result->text == "bada";
  }
  // WordPiece lowers the case: "BaDa" is the unit "bada".
  if (GetParam() == Kind::kBert && units().FindWord("bada") >= 0) {
    EXPECT_TRUE(kept);
  }
}

TEST_P(SanitizerTest, CasingDoesNotShowInTheOutcome) {
  if (GetParam() != Kind::kBert) GTEST_SKIP() << "a cased vocabulary";
  const std::string lower = model::testing::TinyWords()[0];
  std::string upper = lower;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  Sanitizer sanitizer = Private();
  InsecureSeededRandom one(5);
  InsecureSeededRandom two(5);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(sanitizer.Sanitize(lower, one)->text,
              sanitizer.Sanitize(upper, two)->text);
  }
}

TEST_P(SanitizerTest, WordsOfSeveralTokensBecomeUnits) {
  Sanitizer sanitizer = Private();
  for (const char* word :
       {"badakilodomuta", "zzz", "b", "xylophone", "\u00fcber", "\u4f60"}) {
    std::set<int> clusters;
    for (int i = 0; i < 50; ++i) {
      const auto result = sanitizer.Sanitize(word, random_);
      ASSERT_TRUE(result.has_value());
      ASSERT_GE(units().FindWord(result->text), 0) << word;
      clusters.insert(ClusterOf(result->text));
      EXPECT_EQ(result->words_charged, 1U);
    }
    EXPECT_EQ(clusters.size(), 1U) << word;
  }
}

TEST_P(SanitizerTest, UnknownWordsAllBecomeOneUnit) {
  if (GetParam() != Kind::kBert) GTEST_SKIP() << "byte tokens know all words";
  Sanitizer sanitizer = Private();
  InsecureSeededRandom one(7);
  for (const char* emoji : {"\U0001F642", "\U0001F60D\U0001F44D", "\u2764",
                            "\U0001F468\u200D\U0001F469\u200D\U0001F467"}) {
    InsecureSeededRandom same(7);
    InsecureSeededRandom reference(7);
    EXPECT_EQ(sanitizer.Sanitize(emoji, same)->text,
              sanitizer.Sanitize("\U0001F389", reference)->text);
  }
}

TEST_P(SanitizerTest, DigitsStayDigitsOfTheSameLength) {
  Sanitizer sanitizer = Private();
  for (const std::string_view digits : {"7", "42", "007", "1234567890"}) {
    const auto result = sanitizer.Sanitize(digits, random_);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->text.size(), digits.size());
    EXPECT_EQ(result->text.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_EQ(result->words_charged, digits.size());
  }
}

TEST_P(SanitizerTest, TwoLinesGetIndependentNoise) {
  Sanitizer sanitizer = Private();
  const std::string line = "bada kilo domu nesa pito gude lari foku";
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i)
    seen.insert(sanitizer.Sanitize(line, random_)->text);
  EXPECT_GT(seen.size(), 45U);
}

TEST_P(SanitizerTest, SameWordTwiceInALineIsDrawnTwice) {
  Sanitizer sanitizer = Private();
  bool differ = false;
  for (int i = 0; i < 50 && !differ; ++i) {
    const auto result = sanitizer.Sanitize("kilo kilo", random_);
    differ = result->words[0].after != result->words[1].after;
  }
  EXPECT_TRUE(differ);
}

TEST_P(SanitizerTest, WhatNoCommandTakesIsRefusedWithoutQuotingIt) {
  for (Sanitizer sanitizer : {Private(), Identity()}) {
    for (const std::string& text :
         {std::string(), std::string(" \t\r\n"), std::string("se\0cret", 7),
          std::string("secret\xFF"), std::string("secret\xE2\x82")}) {
      const auto result = sanitizer.Sanitize(text, random_);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
      EXPECT_EQ(result.error().message().find("secret"), std::string::npos);
      EXPECT_EQ(result.error().message().find("cret"), std::string::npos);
    }
  }
}

TEST_P(SanitizerTest, ALineOfAMegabyteWorks) {
  std::string text;
  while (text.size() < (1U << 20)) text += "bada kilo 12, ";
  for (Sanitizer sanitizer : {Private(), Identity()}) {
    const auto result = sanitizer.Sanitize(text, random_);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(Skeleton(result->text), Skeleton(text));
  }
}

TEST_P(SanitizerTest, OneWordOfAMegabyteWorks) {
  const std::string text(1U << 20, 'k');
  for (Sanitizer sanitizer : {Private(), Identity()}) {
    const auto result = sanitizer.Sanitize(text, random_);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(result->words.size(), 1U);
  }
}

TEST_P(SanitizerTest, NoIdAndNoRowOfAChangedWordLeaves) {
  Sanitizer sanitizer = Private();
  const model::Tokenizer& tokenizer = model()->tokenizer();
  std::string line;  // words of one token each
  for (size_t i = 0; i < 40; ++i) {
    line += model::testing::TinyWords()[5 * i] + (i % 4 == 3 ? ", " : " ");
  }
  int checked = 0;
  for (int i = 0; i < 100; ++i) {
    const auto result = sanitizer.Sanitize(line, random_);
    ASSERT_TRUE(result.has_value());
    const auto sent = tokenizer.Encode(result->text, true).value();
    for (const WordChange& word : result->words) {
      const bool elsewhere = std::ranges::any_of(
          result->words,
          [&](const WordChange& other) { return other.after == word.before; });
      const auto ids = tokenizer.EncodeWord(word.before).value();
      if (word.before == word.after || elsewhere || ids.size() != 1) continue;
      ++checked;
      EXPECT_EQ(std::ranges::count(sent, ids[0]), 0);
      const auto row = model()->table().Row(ids[0]);
      for (const int32_t id : sent) {
        EXPECT_FALSE(std::ranges::equal(model()->table().Row(id), row));
      }
    }
  }
  EXPECT_GT(checked, 100);
}

TEST_P(SanitizerTest, CountsAddUp) {
  Sanitizer sanitizer = Private();
  const auto result = sanitizer.Sanitize("bada, kilo 42!", random_);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->words.size(), 3U);
  EXPECT_EQ(result->words_charged, 4U);  // two words, two digits
  EXPECT_EQ(result->words_public, 0U);
  const auto changed = std::ranges::count_if(
      result->words,
      [](const WordChange& word) { return word.before != word.after; });
  // All of them lower case.
  EXPECT_EQ(result->words_changed, static_cast<uint64_t>(changed));
}

}  // namespace
}  // namespace cmif::client
