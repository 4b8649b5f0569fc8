// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/units.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;
using testing::Kind;

const fs::path kShared = fs::path(CMIF_SOURCE_DIR).parent_path() / "shared";
const fs::path kLlamaVocabulary =
    kShared / "data/tokenizers/gguf/ggml-vocab-llama-bpe.gguf";

Result<model::Tokenizer> Load(const fs::path& path) {
  CMIF_ASSIGN(const MappedFile file, MappedFile::Open(path));
  return model::Tokenizer::Create(file.bytes());
}

model::Tokenizer TinyTokenizer(Kind kind) {
  const testing::TempFolder folder;
  EXPECT_TRUE(testing::WriteTiny(kind, folder / "m").has_value());
  return Load(folder / "m").value();
}

// The class of the last token written so, which is no byte token (-2: none).
int32_t ClassOf(const model::Tokenizer& tokenizer, const UnitTable& units,
                std::string_view text, bool begins_word) {
  for (int32_t id = units.size() - 1; id >= 0; --id) {
    const model::TokenForm form = tokenizer.Form(id);
    if (form.text == text && form.begins_word == begins_word) {
      return units.class_of()[static_cast<size_t>(id)];
    }
  }
  return -2;
}

bool IsKnownClass(int32_t unit_class) {
  return (unit_class >= kPublicClass && unit_class <= kBytesClass) ||
         (unit_class >= DigitsClass(1, false) &&
          unit_class <= DigitsClass(64, true));
}

// What holds for every id of every vocabulary.
void ExpectEveryIdClassed(const model::Tokenizer& tokenizer,
                          const UnitTable& units) {
  ASSERT_EQ(units.size(), tokenizer.size());
  for (int32_t id = 0; id < units.size(); ++id) {
    const int32_t unit_class = units.class_of()[static_cast<size_t>(id)];
    ASSERT_TRUE(IsKnownClass(unit_class)) << "id " << id;
    if (unit_class != kPublicClass) continue;
    if (tokenizer.TokenKindOf(id) == model::TokenKind::kSpecial) continue;
    const std::string text = tokenizer.Form(id).text;
    if (text.starts_with("[") && text.ends_with("]")) continue;  // [SEP]
    for (const text::Piece& piece : text::SplitWords(text)) {
      ASSERT_TRUE(piece.kind == text::Piece::kSpace ||
                  piece.kind == text::Piece::kPunctuation)
          << "public id " << id << " has a word";
    }
  }
}

void ExpectUnitsAreWords(const UnitTable& units) {
  for (const int32_t id : units.words()) {
    const auto pieces = text::SplitWords(units.Written(id));
    ASSERT_EQ(pieces.size(), 1U) << "id " << id;
    ASSERT_EQ(pieces[0].kind, text::Piece::kWord) << "id " << id;
    ASSERT_GE(units.FindWord(units.Written(id)), 0);
  }
}

class AnyVocabularyTest : public ::testing::TestWithParam<fs::path> {};

TEST_P(AnyVocabularyTest, EveryIdIsPublicOrInAClass) {
  if (!fs::exists(GetParam())) {
    GTEST_SKIP() << "SKIPPED, no vocabulary at " << GetParam();
  }
  const auto tokenizer = Load(GetParam());
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message();
  const UnitTable units = UnitTable::Create(*tokenizer);
  ExpectEveryIdClassed(*tokenizer, units);
  ExpectUnitsAreWords(units);
  EXPECT_GT(units.words().size(), units.class_of().size() / 10);
}

fs::path CachedModel() {
  const char* cache = std::getenv("CMIF_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path folder =
      cache != nullptr ? fs::path(cache)
                       : fs::path(home != nullptr ? home : "/") / ".cache/cmif";
  return folder / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

INSTANTIATE_TEST_SUITE_P(
    Real, AnyVocabularyTest,
    ::testing::Values(
        kShared / "data/tokenizers/gguf/ggml-vocab-llama-spm.gguf",
        kLlamaVocabulary,
        kShared / "data/tokenizers/gguf/ggml-vocab-bert-bge.gguf",
        fs::path(CMIF_SOURCE_DIR) / "models/sst2-minilm-sanitized-q8_0.gguf",
        CachedModel()));

TEST(UnitTableTest, TinyVocabulariesAreClassedWhole) {
  for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
    const model::Tokenizer tokenizer = TinyTokenizer(kind);
    const UnitTable units = UnitTable::Create(tokenizer);
    ExpectEveryIdClassed(tokenizer, units);
    ExpectUnitsAreWords(units);
  }
}

TEST(UnitTableTest, WordsAtTheStartAndWithinAreApart) {
  for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
    const model::Tokenizer tokenizer = TinyTokenizer(kind);
    const UnitTable units = UnitTable::Create(tokenizer);
    EXPECT_EQ(ClassOf(tokenizer, units, "ba", true), kWordClass);
    EXPECT_EQ(ClassOf(tokenizer, units, "ba", false), kContinuationClass);
  }
}

TEST(UnitTableTest, PunctuationIsPublic) {
  for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
    const model::Tokenizer tokenizer = TinyTokenizer(kind);
    const UnitTable units = UnitTable::Create(tokenizer);
    for (const char* mark : {".", ",", "!", "?", "'", "-", "(", ")"}) {
      EXPECT_EQ(ClassOf(tokenizer, units, mark, false), kPublicClass) << mark;
    }
  }
}

TEST(UnitTableTest, DigitsAreClassedByLengthAndPlace) {
  const model::Tokenizer tokenizer = TinyTokenizer(Kind::kBert);
  const UnitTable units = UnitTable::Create(tokenizer);
  EXPECT_EQ(ClassOf(tokenizer, units, "7", false), DigitsClass(1, false));
  EXPECT_EQ(ClassOf(tokenizer, units, "7", true), DigitsClass(1, true));
  EXPECT_NE(DigitsClass(2, true), DigitsClass(3, false));
}

TEST(UnitTableTest, DigitsOfRealVocabulariesHaveTheirLengthInTheClass) {
  if (!fs::exists(kLlamaVocabulary)) {
    GTEST_SKIP() << "SKIPPED, no vocabulary at " << kLlamaVocabulary;
  }
  const auto tokenizer = Load(kLlamaVocabulary);
  ASSERT_TRUE(tokenizer.has_value());
  const UnitTable units = UnitTable::Create(*tokenizer);
  EXPECT_EQ(ClassOf(*tokenizer, units, "1", false), DigitsClass(1, false));
  EXPECT_EQ(ClassOf(*tokenizer, units, "12", false), DigitsClass(2, false));
  EXPECT_EQ(ClassOf(*tokenizer, units, "123", false), DigitsClass(3, false));
}

TEST(UnitTableTest, SpecialUnusedAndByteTokensHaveTheirOwnClasses) {
  const model::Tokenizer bert = TinyTokenizer(Kind::kBert);
  const UnitTable bert_units = UnitTable::Create(bert);
  for (int32_t id = 0; id < 5; ++id) {  // [PAD] [UNK] [CLS] [SEP] [MASK]
    EXPECT_EQ(bert_units.class_of()[static_cast<size_t>(id)], kPublicClass);
  }
  EXPECT_EQ(bert_units.class_of()[5], kUnusedClass);  // [unused0]
  const model::Tokenizer llama = TinyTokenizer(Kind::kLlama);
  const UnitTable llama_units = UnitTable::Create(llama);
  for (size_t id = 3; id < 3 + 256; ++id) {
    EXPECT_EQ(llama_units.class_of()[id], kBytesClass) << id;
  }
  EXPECT_EQ(llama_units.class_of().back(), kPublicClass);  // <|im_end|>
}

TEST(UnitTableTest, PartsOfCharactersAreBytes) {
  if (!fs::exists(kLlamaVocabulary)) {
    GTEST_SKIP() << "SKIPPED, no vocabulary at " << kLlamaVocabulary;
  }
  const auto tokenizer = Load(kLlamaVocabulary);
  ASSERT_TRUE(tokenizer.has_value());
  const UnitTable units = UnitTable::Create(*tokenizer);
  int parts = 0;
  for (int32_t id = 0; id < units.size(); ++id) {
    if (text::IsUtf8(tokenizer->Form(id).text)) continue;
    ++parts;
    EXPECT_EQ(units.class_of()[static_cast<size_t>(id)], kBytesClass) << id;
  }
  EXPECT_GT(parts, 100);
}

TEST(UnitTableTest, FindWordKnowsOnlyWholeWords) {
  const UnitTable units = UnitTable::Create(TinyTokenizer(Kind::kBert));
  EXPECT_GE(units.FindWord(model::testing::TinyWords()[0]), 0);
  for (const char* no : {"", ".", "7", "[CLS]", "[unused0]", "nosuchword"}) {
    EXPECT_EQ(units.FindWord(no), -1) << no;
  }
}

// A clustering of the tiny BERT, one cluster for each class, then changed.
class CheckClustersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::map<int32_t, std::vector<int32_t>> ids_of_class;
    for (int32_t id = 0; id < units_.size(); ++id) {
      const int32_t unit_class = units_.class_of()[static_cast<size_t>(id)];
      if (unit_class != kPublicClass) ids_of_class[unit_class].push_back(id);
    }
    for (const auto& [unit_class, ids] : ids_of_class) {
      for (size_t at = 0; at < ids.size();) {
        // At most 256, and no token alone.
        const size_t left = ids.size() - at;
        const size_t take = left <= 256 ? left : 128;
        clusters_.emplace_back(ids.begin() + static_cast<ptrdiff_t>(at),
                               ids.begin() + static_cast<ptrdiff_t>(at + take));
        at += take;
      }
    }
  }
  std::string Finding(int size) const {
    const auto clustering = privacy::Clustering::Create(size, clusters_);
    const auto checked = CheckClusters(units_, clustering.value());
    return checked ? "" : checked.error().message();
  }
  UnitTable units_ = UnitTable::Create(TinyTokenizer(Kind::kBert));
  std::vector<std::vector<int32_t>> clusters_;
};

TEST_F(CheckClustersTest, AcceptsAllIdsOnce) {
  EXPECT_EQ(Finding(units_.size()), "");
}

TEST_F(CheckClustersTest, RefusesAnotherVocabulary) {
  EXPECT_NE(Finding(units_.size() + 1), "");
}

TEST_F(CheckClustersTest, RefusesAnUncoveredId) {
  clusters_.pop_back();
  EXPECT_NE(Finding(units_.size()).find("unprotected"), std::string::npos);
}

TEST_F(CheckClustersTest, RefusesAPublicId) {
  clusters_.push_back({0});
  EXPECT_NE(Finding(units_.size()), "");
}

TEST_F(CheckClustersTest, RefusesATokenAloneThoughItsClassHasOthers) {
  auto& last = clusters_.back();
  ASSERT_GT(last.size(), 2U);
  clusters_.push_back({last.back()});
  clusters_[clusters_.size() - 2].pop_back();
  EXPECT_NE(Finding(units_.size()).find("unprotected"), std::string::npos);
}

TEST_F(CheckClustersTest, RefusesMixedClasses) {
  const int32_t unused = clusters_.front()[0];
  clusters_.erase(clusters_.begin());
  clusters_.back().push_back(unused);
  EXPECT_NE(Finding(units_.size()).find("mixes"), std::string::npos);
}

}  // namespace
}  // namespace cmif::client
