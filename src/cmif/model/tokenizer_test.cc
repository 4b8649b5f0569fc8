// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors =
    fs::path(CMIF_SOURCE_DIR).parent_path() / "shared/data/tokenizers/gguf";

Result<Tokenizer> Load(const fs::path& path) {
  CMIF_ASSIGN(const std::string bytes, ReadFile(path, 1ULL << 30));
  return Tokenizer::Create(AsBytes(bytes));
}

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The texts of a .inp file, as llama.cpp's own test reads them.
std::vector<std::string> Texts(const fs::path& path) {
  const std::string mark = "\n__ggml_vocab_test__\n";
  const std::string all = Slurp(path);
  std::vector<std::string> texts;
  size_t begin = 0;
  while (begin < all.size()) {
    const size_t end = all.find(mark, begin);
    texts.push_back(all.substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + mark.size();
  }
  return texts;
}

class VectorTest : public ::testing::TestWithParam<const char*> {};

TEST_P(VectorTest, TokensAreTheRecordedOnes) {
  const fs::path base = kVectors / GetParam();
  if (!fs::exists(base)) {
    GTEST_SKIP() << "SKIPPED, no tokenizer vectors at " << base;
  }
  const auto tokenizer = Load(base);
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message();
  const std::vector<std::string> texts = Texts(base.string() + ".inp");
  std::ifstream out(base.string() + ".out");
  std::string line;
  size_t checked = 0;
  for (; std::getline(out, line); ++checked) {
    std::istringstream numbers(line);
    std::vector<int32_t> expected;
    for (int32_t id = 0; numbers >> id;) expected.push_back(id);
    ASSERT_LT(checked, texts.size());
    EXPECT_EQ(tokenizer->Encode(texts[checked], false).value(), expected)
        << "vector " << checked;
  }
  EXPECT_GT(checked, 40U);
}

// llama.cpp splits with std::regex where it has no code of its own, which
// recurses: long texts must not end the process.
TEST_P(VectorTest, LongTextsAreTokenized) {
  const fs::path base = kVectors / GetParam();
  if (!fs::exists(base)) {
    GTEST_SKIP() << "SKIPPED, no tokenizer vectors at " << base;
  }
  const auto tokenizer = Load(base);
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message();
#ifdef __SANITIZE_THREAD__
  constexpr size_t kBytes = 1U
                            << 14;  // each of llama.cpp's copies is looked at
#else
  constexpr size_t kBytes = 1U << 18;
#endif
  for (const char* part : {"x", " ", "7", "!", "ab ", "\u20ac", "\n"}) {
    std::string text;
    while (text.size() < kBytes) text += part;
    EXPECT_TRUE(tokenizer->Encode(text, true).has_value()) << part;
  }
}

INSTANTIATE_TEST_SUITE_P(Gguf, VectorTest,
                         ::testing::Values("ggml-vocab-llama-spm.gguf",
                                           "ggml-vocab-llama-bpe.gguf",
                                           "ggml-vocab-bert-bge.gguf"));

class TinyTokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "llama", {}));
    ASSERT_TRUE(testing::WriteTinyBert(folder_ / "bert", {}));
  }
  const cmif::testing::TempFolder folder_;
};

TEST_F(TinyTokenizerTest, WordsAreSingleTokens) {
  for (const char* name : {"llama", "bert"}) {
    const auto tokenizer = Load(folder_ / name);
    ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message();
    for (const std::string& word : testing::TinyWords()) {
      const auto ids = tokenizer->EncodeWord(word).value();
      ASSERT_EQ(ids.size(), 1U) << word;
      EXPECT_EQ(tokenizer->Form(ids[0]).text, word);
      EXPECT_TRUE(tokenizer->Form(ids[0]).begins_word);
    }
  }
}

TEST_F(TinyTokenizerTest, TemplateTokensAreParsedAndUserTextIsNot) {
  const auto tokenizer = Load(folder_ / "llama");
  const std::vector<ChatMessage> messages = {{"system", "bada"},
                                             {"user", "<|im_end|>"}};
  const auto parts = tokenizer->ApplyChatTemplate(messages);
  ASSERT_TRUE(parts.has_value()) << parts.error().message();
  const auto ids = tokenizer->EncodePrompt(*parts)->ids;
  const int32_t end = tokenizer->size() - 1;  // <|im_end|>
  EXPECT_EQ(std::count(ids.begin(), ids.end(), end), 2);
  EXPECT_EQ(ids[0], 1);        // BOS
  EXPECT_EQ(ids[1], end - 1);  // <|im_start|>
}

TEST_F(TinyTokenizerTest, PromptWithoutSpecialsIsTheTextItself) {
  for (const char* name : {"llama", "bert"}) {
    const auto tokenizer = Load(folder_ / name);
    const std::vector<PromptPart> parts = {{"bada", true}, {"di kilo", false}};
    auto ids = tokenizer->EncodePrompt(parts)->ids;
    const auto plain = tokenizer->Encode("badadi kilo", false).value();
    if (ids.size() == plain.size() + 1) ids.erase(ids.begin());  // BOS
    EXPECT_EQ(ids, plain) << name;
  }
}

// The text of the tokens that count as the user's.
std::string UserText(const Tokenizer& tokenizer,
                     std::span<const PromptPart> parts) {
  const PromptTokens tokens = tokenizer.EncodePrompt(parts).value();
  EXPECT_EQ(tokens.ids.size(), tokens.of_user.size());
  std::string text;
  for (size_t i = 0; i < tokens.ids.size(); ++i) {
    if (tokens.of_user[i]) text += tokenizer.Piece(tokens.ids[i]);
  }
  return text;
}

TEST_F(TinyTokenizerTest, TokensOfTheUserAreTold) {
  const auto tokenizer = Load(folder_ / "llama");
  const std::vector<PromptPart> chat = {{"<|im_start|>user\nbada", true},
                                        {" kilo <|im_end|> \U0001F642", false},
                                        {" bada<|im_end|>\n", true},
                                        {" domu ", false}};
  // Spaces of their own are no one's.
  EXPECT_EQ(UserText(*tokenizer, chat), " kilo<|im_end|>\U0001F642 domu");
  // One word of both.
  const std::vector<PromptPart> joined = {
      {"ba", true}, {"da", false}, {" ", true}, {"kilo", false}};
  EXPECT_EQ(UserText(*tokenizer, joined), " kilo");
  EXPECT_EQ(UserText(*tokenizer, {}), "");
}

TEST_F(TinyTokenizerTest, UnknownTemplateIsNamed) {
  const auto file = GgufFile::Open(folder_ / "llama");
  GgufWriter writer;
  writer.CopyKeys(*file);
  writer.Set("tokenizer.chat_template", std::string("{{ my own way }}"));
  const auto tokenizer = Tokenizer::Create(writer.Header());
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message();
  const std::vector<ChatMessage> messages = {{"user", "x"}};
  const auto parts = tokenizer->ApplyChatTemplate(messages);
  ASSERT_FALSE(parts.has_value());
  EXPECT_NE(parts.error().message().find("{{ my own way }}"),
            std::string::npos);
}

TEST_F(TinyTokenizerTest, TokenTwiceIsRefusedWithoutAbort) {
  const auto file = GgufFile::Open(folder_ / "bert");
  GgufWriter writer;
  writer.CopyKeys(*file);
  auto tokens = *file->Strings("tokenizer.ggml.tokens");
  tokens[9] = tokens[8];
  writer.Set("tokenizer.ggml.tokens", tokens);
  EXPECT_EQ(Tokenizer::Create(writer.Header()).error().code(), Code::kDataLoss);
}

TEST_F(TinyTokenizerTest, ByteInAWordPieceIsRefusedWithoutAbort) {
  const auto file = GgufFile::Open(folder_ / "bert");
  GgufWriter writer;
  writer.CopyKeys(*file);
  auto types = *file->Ints("tokenizer.ggml.token_type");
  types[9] = 6;
  writer.Set("tokenizer.ggml.token_type", types);
  EXPECT_EQ(Tokenizer::Create(writer.Header()).error().code(), Code::kDataLoss);
}

TEST_F(TinyTokenizerTest, OtherTokenizersAreRefusedByName) {
  const auto file = GgufFile::Open(folder_ / "bert");
  GgufWriter writer;
  writer.CopyKeys(*file);
  writer.Set("tokenizer.ggml.model", std::string("t5"));
  const auto tokenizer = Tokenizer::Create(writer.Header());
  EXPECT_EQ(tokenizer.error().code(), Code::kUnimplemented);
  EXPECT_NE(tokenizer.error().message().find("t5"), std::string::npos);
}

}  // namespace
}  // namespace cmif::model
