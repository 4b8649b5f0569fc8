// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <llama.h>
#include <sys/stat.h>

#include <filesystem>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/row_format.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

class GgufTest : public ::testing::Test {
 protected:
  const cmif::testing::TempFolder folder_;
};

bool StockLlamaLoads(const fs::path& path) {
  llama_model_params params = llama_model_default_params();
  llama_model* model = llama_model_load_from_file(path.c_str(), params);
  const bool loaded = model != nullptr;
  llama_model_free(model);
  return loaded;
}

TEST_F(GgufTest, TinyModelsLoadInStockLlama) {
  for (const char* type : {"f32", "f16", "bf16", "q8_0", "q4_0"}) {
    const fs::path path = folder_ / type;
    ASSERT_TRUE(testing::WriteTinyLlama(path, {.table_type = type}));
    EXPECT_TRUE(StockLlamaLoads(path)) << type;
    ASSERT_TRUE(testing::WriteTinyBert(path, {.table_type = type}));
    EXPECT_TRUE(StockLlamaLoads(path)) << type;
  }
}

TEST_F(GgufTest, ReadsBackWhatWasWritten) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = true}));
  const auto file = GgufFile::Open(folder_ / "m");
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->String("general.architecture"), "llama");
  EXPECT_EQ(file->Int("llama.embedding_length"), 64);
  EXPECT_EQ(file->Int("general.architecture"), std::nullopt);
  EXPECT_EQ(file->String("no.such"), std::nullopt);
  EXPECT_EQ(file->Strings("tokenizer.ggml.tokens"),
            testing::TinyVocabulary(true));
  EXPECT_EQ(file->FindTensor("output.weight"), nullptr);
  ASSERT_NE(file->FindTensor("token_embd.weight"), nullptr);
  EXPECT_EQ(file->FindTensor("token_embd.weight")->shape[0], 64);
}

TEST_F(GgufTest, EveryTruncationIsRefused) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {.layers = 1}));
  const std::string whole = ReadFile(folder_ / "m", 1 << 28).value();
  for (size_t size = 0; size + 64 < whole.size(); size += 97) {
    const auto file = GgufFile::Parse(AsBytes(whole).first(size));
    ASSERT_FALSE(file.has_value()) << size;
    EXPECT_EQ(file.error().code(), Code::kDataLoss);
  }
}

// ggml's reader takes such keys and aborts when they are copied.
TEST_F(GgufTest, KeysThatANulByteMakesEmptyOrEqualAreRefused) {
  GgufWriter writer;
  writer.Set("abx", 1U);
  writer.Set("abxy", 7U);
  const std::string whole(AsText(writer.Header()));
  const size_t first = whole.find("abx");
  const size_t second = whole.find("abxy");
  for (const size_t at : {first, second, second + 3}) {
    std::string bytes = whole;
    bytes[at] = '\0';
    const auto file = GgufFile::Parse(AsBytes(bytes));
    ASSERT_FALSE(file.has_value()) << at;
    EXPECT_EQ(file.error().code(), Code::kDataLoss);
  }
}

TEST_F(GgufTest, TensorNamesThatDifferBehindANulByteAreRefused) {
  GgufWriter writer;
  const std::vector<uint8_t> data(64);
  const std::vector<int64_t> shape = {16};
  for (const char* name : {"abx1", "abx2"}) {
    ASSERT_TRUE(writer.AddTensor(name, "f32", shape, data));
  }
  ASSERT_TRUE(writer.Write(folder_ / "m"));
  std::string bytes = ReadFile(folder_ / "m", 1 << 20).value();
  for (const char* name : {"abx1", "abx2"}) bytes[bytes.find(name) + 2] = '\0';
  EXPECT_FALSE(GgufFile::Parse(AsBytes(bytes)).has_value());
}

TEST_F(GgufTest, ZeroTensorIsAHole) {
  GgufWriter writer;
  writer.Set("general.architecture", std::string("llama"));
  const std::vector<int64_t> shape = {256, 40000};
  ASSERT_TRUE(writer.AddZeroTensor("token_embd.weight", "q8_0", shape));
  ASSERT_TRUE(writer.Write(folder_ / "m"));
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "m").c_str(), &info), 0);
  EXPECT_GT(info.st_size, 10'000'000);
  EXPECT_LT(info.st_blocks, 64);
}

}  // namespace
}  // namespace cmif::model
