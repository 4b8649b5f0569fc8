// SPDX-License-Identifier: Apache-2.0
// Writes the binary seeds of the fuzz targets: make_corpus FOLDER makes
// FOLDER/<target>/<seed>. Run by the build, so that no binary is committed.
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/model/container.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/manifest.h"
#include "cmif/model/testing/tiny_models.h"
#include "cmif/privacy/channel.h"
#include "small_clustering.h"

namespace cmif {
namespace {

namespace fs = std::filesystem;
using model::GgufWriter;

Result<void> Seed(const fs::path& path, std::span<const uint8_t> bytes) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  return WriteFileAtomically(path, bytes);
}

// The tokenizer of a tiny model, cut down to its first tokens (and, for llama,
// without a byte token for every byte).
Result<void> TokenizerSeed(const fs::path& folder, bool llama) {
  const fs::path whole = folder / "whole.gguf";
  CMIF_TRY(llama ? model::testing::WriteTinyLlama(whole, {.layers = 1})
                 : model::testing::WriteTinyBert(whole, {.layers = 1}));
  {
    CMIF_ASSIGN(const model::GgufFile file, model::GgufFile::Open(whole));
    const size_t kept = llama ? 30 : 110;
    GgufWriter writer;
    writer.CopyKeys(file);
    auto tokens = *file.Strings("tokenizer.ggml.tokens");
    tokens.resize(kept);
    std::vector<float> scores(kept, -1);
    std::vector<int32_t> types(kept, 1);
    for (size_t i = 0; i < 5; ++i) types[i] = 3;
    for (size_t i = 3; llama && i < kept; ++i) {
      types[i] = tokens[i].starts_with("<0x") ? 6 : 1;
    }
    writer.Set("tokenizer.ggml.tokens", tokens);
    writer.Set("tokenizer.ggml.scores", scores);
    writer.Set("tokenizer.ggml.token_type", types);
    CMIF_TRY(
        Seed(folder / (llama ? "llama.gguf" : "bert.gguf"), writer.Header()));
  }
  fs::remove(whole);
  return {};
}

Result<void> BytePairSeed(const fs::path& folder) {
  GgufWriter writer;
  writer.Set("general.architecture", std::string("llama"));
  writer.Set("tokenizer.ggml.model", std::string("gpt2"));
  writer.Set("tokenizer.ggml.pre", std::string("smollm"));
  const std::vector<std::string> tokens = {
      "a", "b", "c",      "\u0120", "ab", "\u0120a",   "1",
      "2", ".", "\u010a", "abc",    ",",  "<|im_end|>"};
  const std::vector<std::string> merges = {"a b", "ab c", "\u0120 a"};
  std::vector<int32_t> types(tokens.size(), 1);
  types.back() = 3;
  writer.Set("tokenizer.ggml.tokens", tokens);
  writer.Set("tokenizer.ggml.merges", merges);
  writer.Set("tokenizer.ggml.token_type", types);
  return Seed(folder / "bpe.gguf", writer.Header());
}

Result<void> TensorSeed(const fs::path& folder) {
  GgufWriter writer;
  writer.Set("general.architecture", std::string("llama"));
  const std::vector<uint8_t> data(4UL * 34, 1);
  const std::vector<int64_t> shape = {32, 4};
  CMIF_TRY(writer.AddTensor("token_embd.weight", "q8_0", shape, data));
  return writer.Write(folder / "tensor.gguf");
}

Result<void> ContainerSeeds(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const std::string text = "some bytes";
  CMIF_TRY(model::WriteContainer(
      folder / "one.cmif", std::vector<model::Section>{{"a", AsBytes(text)}}));
  InsecureSeededRandom random(1);
  const auto key = crypto::SealKey::FromRandom(random);
  const auto owner = crypto::Ed25519Signer::Generate();
  const model::Sealing unsigned_sealing{.key = &key};
  const model::Sealing sealing{.key = &key, .owner = &owner};
  const std::vector<model::Section> one = {{"a", AsBytes(text)}};
  CMIF_TRY(
      model::WriteContainer(folder / "sealed.cmif", one, &unsigned_sealing));
  CMIF_TRY(model::WriteContainer(folder / "signed.cmif", one, &sealing));
  return model::WriteContainer(
      folder / "three.cmif",
      std::vector<model::Section>{
          {"facts", AsBytes(text)}, {"empty", {}}, {"table", AsBytes(text)}});
}

Result<void> JsonSeeds(const fs::path& folder) {
  model::Manifest manifest;
  manifest.facts = {.model_id = std::string(64, 'a'),
                    .name = "tiny",
                    .architecture = "bert",
                    .partition = std::string(model::kPartitionEmbedding),
                    .width = 64,
                    .vocabulary = 100,
                    .layers = 2,
                    .context = 512,
                    .table_type = "q8_0",
                    .tied = false,
                    .labels = {"negative", "positive"},
                    .body_sha256 = std::string(64, 'b')};
  manifest.body_bytes = 1000;
  manifest.bundle_bytes = 2000;
  manifest.bundle_sha256 = std::string(64, 'c');
  CMIF_TRY(
      Seed(folder / "facts.json", AsBytes(model::FactsToJson(manifest.facts))));
  return Seed(folder / "manifest.json",
              AsBytes(model::ManifestToJson(manifest)));
}

Result<void> PrivacySeeds(const fs::path& folder) {
  const auto clustering = fuzz::SmallClustering();
  CMIF_TRY(Seed(folder / "clustering/small", clustering->ToBytes()));
  std::mt19937 engine(1);
  std::vector<float> raw(12UL * 4);
  for (float& value : raw) value = static_cast<float>(engine() % 1000);
  CMIF_ASSIGN(const auto rows, privacy::CentredUnitRows(12, 4, raw, {}));
  for (const double epsilon : {1.0, 8.0}) {
    CMIF_ASSIGN(const auto value, privacy::Epsilon::Create(epsilon));
    CMIF_ASSIGN(const auto channel,
                privacy::BuildChannel({.epsilon = value},
                                      {.clustering = clustering}, rows, {}, 1));
    CMIF_TRY(Seed(folder / "channel" / std::to_string(value.micro()),
                  channel.ToBytes()));
    for (const auto adjacency :
         {privacy::Adjacency::kTwoLevel, privacy::Adjacency::kMixture}) {
      const bool two = adjacency == privacy::Adjacency::kTwoLevel;
      const privacy::ChannelSpec spec{
          .epsilon = value,
          .adjacency = adjacency,
          .epsilon_cluster = two ? std::optional(value) : std::nullopt};
      CMIF_ASSIGN(
          const auto level,
          privacy::BuildChannel(spec, {.clustering = clustering}, rows, {}, 1));
      CMIF_TRY(Seed(folder / "channel" /
                        (std::string(privacy::AdjacencyName(adjacency)) + "-" +
                         std::to_string(value.micro())),
                    level.ToBytes()));
    }
  }
  return {};
}

// One seed a type: all bytes small, and a slot of each kind.
Result<void> RowSeeds(const fs::path& folder) {
  for (uint8_t type = 0; type < 8; ++type) {
    std::vector<uint8_t> bytes = {type, 5, 0, 0, 0, 0, 1};
    bytes.resize(7 + 1088, 0);
    for (size_t i = 7; i < bytes.size(); i += 5) bytes[i] = 0x11;
    CMIF_TRY(Seed(folder / std::to_string(type), bytes));
  }
  return {};
}

Result<void> WriteAll(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder / "gguf", ignored);
  CMIF_TRY(TokenizerSeed(folder / "gguf", true));
  CMIF_TRY(TokenizerSeed(folder / "gguf", false));
  CMIF_TRY(BytePairSeed(folder / "gguf"));
  CMIF_TRY(TensorSeed(folder / "gguf"));
  CMIF_TRY(ContainerSeeds(folder / "container"));
  CMIF_TRY(JsonSeeds(folder / "manifest"));
  CMIF_TRY(RowSeeds(folder / "rows"));
  return PrivacySeeds(folder);
}

}  // namespace
}  // namespace cmif

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const auto written = cmif::WriteAll(argv[1]);
  if (written) return 0;
  std::fprintf(stderr, "make_corpus: %s\n", written.error().message().c_str());
  return 1;
}
