// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/container.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/source_model.h"
#include "cmif/model/testing/tiny_models.h"
#include "cmif/model/verify.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

class SplitTest : public ::testing::Test {
 protected:
  // Writes the three files of a split, with stand-in clusters.
  void Split(const fs::path& model, bool head) {
    auto source = SourceModel::Open(model, head);
    ASSERT_TRUE(source.has_value()) << source.error().message();
    source->Identify({});
    ASSERT_TRUE(source->WriteBody(folder_ / kBodyFile, {}));
    Manifest manifest;
    manifest.facts = source->facts();
    manifest.facts.body_sha256 = HashFile(folder_ / kBodyFile).value();
    const auto tokenizer = source->TokenizerGguf();
    ASSERT_TRUE(WriteBundle(folder_ / kBundleFile, manifest.facts,
                            {.tokenizer = tokenizer,
                             .table = source->table(),
                             .clusters = AsBytes("clusters"),
                             .head = source->head()}));
    manifest.body_bytes = fs::file_size(folder_ / kBodyFile);
    manifest.bundle_bytes = fs::file_size(folder_ / kBundleFile);
    manifest.bundle_sha256 = HashFile(folder_ / kBundleFile).value();
    ASSERT_TRUE(WriteFileAtomically(folder_ / kManifestFile,
                                    AsBytes(ManifestToJson(manifest))));
  }

  void Corrupt(std::string_view file, size_t at) {
    std::string bytes = ReadFile(folder_ / file, 1 << 30).value();
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    ASSERT_TRUE(WriteFileAtomically(folder_ / file, AsBytes(bytes)));
  }

  const cmif::testing::TempFolder folder_;
};

TEST_F(SplitTest, PartsAgreeAndBodyHasNoRowAndNoToken) {
  for (const bool tied : {false, true}) {
    ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = tied}));
    Split(folder_ / "m", false);
    EXPECT_EQ(VerifySplit(folder_.path()).value(), std::vector<std::string>());
    const auto whole = GgufFile::Open(folder_ / "m");
    const auto body = GgufFile::Open(folder_ / kBodyFile);
    EXPECT_EQ(body->Int("cmif.tied"), tied ? 1 : 0);
    EXPECT_EQ(body->ArrayLength("tokenizer.ggml.tokens"), std::nullopt);
    EXPECT_EQ(body->tensors().back().name, "token_embd.weight");
    const auto row =
        whole->FindTensor("token_embd.weight")->data.subspan(0, 64);
    const bool held = !std::ranges::search(body->bytes(), row).empty();
    EXPECT_EQ(held, tied);  // a tied head is the table, and split says so
  }
}

TEST_F(SplitTest, HeadlessBodyHoldsNeitherTableNorHead) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = true}));
  Split(folder_ / "m", true);
  EXPECT_EQ(VerifySplit(folder_.path()).value(), std::vector<std::string>());
  const auto whole = GgufFile::Open(folder_ / "m");
  const auto body = GgufFile::Open(folder_ / kBodyFile);
  const auto row = whole->FindTensor("token_embd.weight")->data.subspan(0, 64);
  EXPECT_TRUE(std::ranges::search(body->bytes(), row).empty());
  const auto bundle = OpenBundle(folder_ / kBundleFile);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  ASSERT_TRUE(bundle->head.has_value());
  EXPECT_EQ(bundle->head->format(), bundle->table.format());  // tied
  EXPECT_TRUE(std::ranges::equal(bundle->head->Row(7), bundle->table.Row(7)));
}

TEST_F(SplitTest, ZeroTableTakesNoDiskBlocks) {
  ASSERT_TRUE(testing::WriteTinyBert(
      folder_ / "m", {.table_type = "q8_0", .width = 768, .layers = 1}));
  Split(folder_ / "m", false);
  struct stat info{};
  ASSERT_EQ(stat((folder_ / kBodyFile).c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, info.st_size);
}

TEST_F(SplitTest, EveryChangedByteOfTheBundleIsFound) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {.layers = 1}));
  Split(folder_ / "m", false);
  const std::string whole = ReadFile(folder_ / kBundleFile, 1 << 30).value();
  for (size_t at = 0; at < whole.size(); at += whole.size() / 97) {
    // Padding between sections is not covered by a section's hash.
    Corrupt(kBundleFile, at);
    EXPECT_FALSE(VerifySplit(folder_.path())->empty()) << at;
    ASSERT_TRUE(WriteFileAtomically(folder_ / kBundleFile, AsBytes(whole)));
  }
}

TEST_F(SplitTest, TruncatedBundleIsRefused) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {.layers = 1}));
  Split(folder_ / "m", false);
  const std::string whole = ReadFile(folder_ / kBundleFile, 1 << 30).value();
  for (const size_t size : {size_t{0}, size_t{10}, size_t{200},
                            whole.size() / 2, whole.size() - 1}) {
    ASSERT_TRUE(
        WriteFileAtomically(folder_ / kBundleFile, AsBytes(whole).first(size)));
    EXPECT_FALSE(OpenBundle(folder_ / kBundleFile).has_value()) << size;
  }
}

TEST_F(SplitTest, BundleOfAnotherModelIsNamed) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {.seed = 1}));
  Split(folder_ / "m", false);
  const std::string other = ReadFile(folder_ / kBundleFile, 1 << 30).value();
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {.seed = 2}));
  Split(folder_ / "m", false);
  ASSERT_TRUE(WriteFileAtomically(folder_ / kBundleFile, AsBytes(other)));
  const auto findings = VerifySplit(folder_.path()).value();
  EXPECT_TRUE(std::ranges::any_of(findings, [](const std::string& line) {
    return line.find("embedding.cmif: model_id") != std::string::npos;
  }));
}

TEST_F(SplitTest, EveryFactThatDiffersIsNamed) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {}));
  Split(folder_ / "m", false);
  const Manifest whole = ReadManifest(folder_.path()).value();
  const auto finding = [&](const std::string& what, auto change) {
    Manifest manifest = whole;
    change(manifest.facts);
    ASSERT_TRUE(WriteFileAtomically(folder_ / kManifestFile,
                                    AsBytes(ManifestToJson(manifest))));
    const auto findings = VerifySplit(folder_.path()).value();
    EXPECT_TRUE(std::ranges::any_of(findings, [&](const std::string& line) {
      return line.starts_with(what + ":");
    })) << what;
  };
  finding("body.gguf: tied", [](ModelFacts& facts) { facts.tied = true; });
  finding("embedding.cmif: tied", [](ModelFacts& facts) { facts.tied = true; });
  finding("embedding.cmif: context",
          [](ModelFacts& facts) { ++facts.context; });
  finding("embedding.cmif: labels",
          [](ModelFacts& facts) { facts.labels[0] += "x"; });
}

TEST_F(SplitTest, LabelsWithControlCharactersAreRefused) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {}));
  const auto whole = GgufFile::Open(folder_ / "m");
  GgufWriter writer;
  writer.CopyKeys(*whole);
  const std::vector<std::string> labels = {"a\nb", "c"};
  writer.Set("bert.classifier.output_labels", labels);
  for (const GgufTensor& tensor : whole->tensors()) {
    ASSERT_TRUE(
        writer.AddTensor(tensor.name, tensor.type, tensor.shape, tensor.data));
  }
  ASSERT_TRUE(writer.Write(folder_ / "other"));
  EXPECT_EQ(SourceModel::Open(folder_ / "other", false).error().code(),
            Code::kDataLoss);
}

TEST_F(SplitTest, OtherArchitecturesAreRefusedByName) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {}));
  const auto whole = GgufFile::Open(folder_ / "m");
  GgufWriter writer;
  writer.CopyKeys(*whole);
  writer.Set("general.architecture", std::string("mamba"));
  ASSERT_TRUE(writer.Write(folder_ / "other"));
  const auto source = SourceModel::Open(folder_ / "other", false);
  EXPECT_EQ(source.error().code(), Code::kUnimplemented);
  EXPECT_NE(source.error().message().find("'mamba'"), std::string::npos);
  EXPECT_NE(source.error().message().find("llama, bert"), std::string::npos);
}

TEST_F(SplitTest, ABodyIsNotSplitAgain) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {}));
  Split(folder_ / "m", false);
  EXPECT_EQ(SourceModel::Open(folder_ / kBodyFile, false).error().code(),
            Code::kFailedPrecondition);
}

TEST(ManifestTest, RoundTripAndMissingKeys) {
  Manifest manifest;
  manifest.facts = {.model_id = std::string(64, 'a'),
                    .name = "n",
                    .architecture = "bert",
                    .partition = "embedding",
                    .width = 64,
                    .vocabulary = 300,
                    .layers = 2,
                    .context = 512,
                    .table_type = "f32",
                    .tied = false,
                    .labels = {"a", "b"},
                    .body_sha256 = std::string(64, 'b')};
  manifest.body_bytes = 1;
  manifest.bundle_bytes = 2;
  manifest.bundle_sha256 = std::string(64, 'c');
  EXPECT_EQ(ManifestFromJson(ManifestToJson(manifest)).value(), manifest);
  EXPECT_EQ(FactsFromJson(FactsToJson(manifest.facts)).value(), manifest.facts);
  EXPECT_FALSE(ManifestFromJson("{}").has_value());
  EXPECT_FALSE(ManifestFromJson("[1]").has_value());
  EXPECT_FALSE(ManifestFromJson("nonsense").has_value());
}

}  // namespace
}  // namespace cmif::model
