// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/source_model.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cmif/crypto/sha256.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/loadable.h"
#include "cmif/model/tied_head.h"
#include "cmif/model/tokenizer_check.h"

namespace cmif::model {
namespace {

constexpr std::array<std::string_view, 2> kArchitectures = {"llama", "bert"};
constexpr const char* kTable = "token_embd.weight";
constexpr const char* kHead = "output.weight";

// The smallest type of a tensor of zeroes that llama.cpp loads as a table
// (reference/engine.md 2A), among those whose block divides the width.
std::string CheapestType(int64_t width) {
  std::string best = "f32";
  double best_bits = 32;
  for (const ggml_type type :
       {GGML_TYPE_Q1_0, GGML_TYPE_IQ1_S, GGML_TYPE_TQ1_0, GGML_TYPE_Q2_K,
        GGML_TYPE_Q4_0, GGML_TYPE_Q8_0, GGML_TYPE_F16}) {
    const int64_t block = ggml_blck_size(type);
    const double bits = 8.0 * static_cast<double>(ggml_type_size(type)) /
                        static_cast<double>(block);
    if (width % block != 0 || bits >= best_bits) continue;
    best = ggml_type_name(type);
    best_bits = bits;
  }
  return best;
}

bool IsTokenizerKey(const std::string& key) {
  return key.starts_with("tokenizer.");
}

}  // namespace

std::string SupportedArchitectures() { return "llama, bert"; }

Result<SourceModel> SourceModel::Open(const std::filesystem::path& path,
                                      bool head_on_client) {
  CMIF_ASSIGN(GgufFile file, GgufFile::Open(path));
  if (file.String("cmif.model_id")) {
    return FailedPrecondition(path.string() +
                              " is the body of a model that was split already; "
                              "give the whole model");
  }
  SourceModel source(std::move(file));
  auto read = source.ReadFacts(head_on_client);
  if (read) read = source.CheckTable();
  if (!read) return std::unexpected(read.error().At(path.string()));
  return source;
}

Result<void> SourceModel::ReadFacts(bool head_on_client) {
  facts_.architecture = file_.String("general.architecture").value_or("");
  const std::string& arch = facts_.architecture;
  if (std::ranges::find(kArchitectures, arch) == kArchitectures.end()) {
    return Unimplemented(
        fmt::format("architecture '{}' is not supported; supported: {}",
                    arch.substr(0, 32), SupportedArchitectures()));
  }
  if (head_on_client && arch != "llama") {
    return Unimplemented("--head client works for architecture llama; a " +
                         arch + " classifier has no vocabulary head");
  }
  CMIF_TRY(CheckLoadable(file_));
  CMIF_TRY(CheckTokenizerKeys(file_));
  facts_.name = file_.String("general.name").value_or("unnamed");
  CMIF_ASSIGN(facts_.width,
              file_.Positive(arch + ".embedding_length", kMaxWidth));
  CMIF_ASSIGN(facts_.layers, file_.Positive(arch + ".block_count", kMaxLayers));
  CMIF_ASSIGN(facts_.context,
              file_.Positive(arch + ".context_length", kMaxContext));
  facts_.vocabulary = static_cast<uint32_t>(
      file_.ArrayLength("tokenizer.ggml.tokens").value_or(0));
  facts_.labels = file_.Strings(arch + ".classifier.output_labels")
                      .value_or(std::vector<std::string>());
  if (!std::ranges::all_of(facts_.labels, IsLabel)) {
    return DataLoss(
        "a label of this classifier is empty or has control "
        "characters");
  }
  facts_.partition = head_on_client ? kPartitionHead : kPartitionEmbedding;
  if (arch == "bert" && facts_.labels.empty()) {
    return Unimplemented(
        "this BERT model has no classifier labels "
        "(bert.classifier.output_labels): only classifiers "
        "are supported");
  }
  return {};
}

Result<void> SourceModel::CheckTable() {
  table_ = file_.FindTensor(kTable);
  if (table_ == nullptr) {
    return DataLoss("the model has no embedding table (token_embd.weight)");
  }
  facts_.table_type = table_->type;
  if (auto format = RowFormat::Create(table_->type, facts_.width); !format) {
    return DataLoss("the embedding table: " + format.error().message());
  }
  const std::vector<int64_t> shape = {facts_.width, facts_.vocabulary};
  if (table_->shape != shape) {
    return DataLoss(fmt::format(
        "the embedding table is {} x {}; keys and vocabulary say {} x {}",
        table_->shape[0], table_->shape.size() > 1 ? table_->shape[1] : 1,
        facts_.width, facts_.vocabulary));
  }
  head_ = file_.FindTensor(kHead);
  facts_.tied = IsTied(file_);
  if (head_ != nullptr && head_->shape != shape) {
    return DataLoss("the output head has another shape than the table");
  }
  if (facts_.partition == kPartitionHead) {
    facts_.head_type = head_ != nullptr ? head_->type : table_->type;
    CMIF_TRY(RowFormat::Create(facts_.head_type, facts_.width));
  }
  return {};
}

void SourceModel::Identify(const ProgressFn& progress) {
  constexpr size_t kChunkBytes = 16U << 20;
  const auto bytes = file_.bytes();
  crypto::Sha256 hash;
  for (size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    hash.Update(bytes.subspan(at, std::min(kChunkBytes, bytes.size() - at)));
    if (progress) {
      progress(static_cast<double>(at) / static_cast<double>(bytes.size()));
    }
  }
  facts_.model_id = crypto::ToHex(hash.Finish());
}

std::vector<uint8_t> SourceModel::TokenizerGguf() const {
  GgufWriter writer;
  writer.CopyKeys(file_);
  const std::string arch = facts_.architecture + ".";
  for (const std::string& key : file_.Keys()) {
    const bool kept = IsTokenizerKey(key) || key == "general.architecture" ||
                      key.starts_with(arch);
    if (!kept) writer.RemoveKey(key);
  }
  return writer.Header();
}

std::span<const uint8_t> SourceModel::head() const {
  if (facts_.partition != kPartitionHead) return {};
  return head_ != nullptr ? head_->data : table_->data;
}

Result<EmbeddingTable> SourceModel::Table() const {
  CMIF_ASSIGN(RowFormat format,
              RowFormat::Create(facts_.table_type, facts_.width));
  SecretBytes copy(table_->data.size());
  std::ranges::copy(table_->data, copy.bytes().begin());
  return EmbeddingTable::Create(std::move(format), facts_.vocabulary,
                                std::move(copy));
}

Result<void> SourceModel::WriteBody(const std::filesystem::path& path,
                                    const ProgressFn& progress) const {
  const bool headless = facts_.partition == kPartitionHead;
  const int64_t rows = headless ? 1 : facts_.vocabulary;
  const std::vector<int64_t> shape = {facts_.width, rows};
  const std::string zero_type = CheapestType(facts_.width);
  GgufWriter writer;
  writer.CopyKeys(file_);
  for (const std::string& key : file_.Keys()) {
    // BERT's loader wants the count of token types, which is no vocabulary.
    const bool kept = key == "tokenizer.ggml.token_type_count";
    if (IsTokenizerKey(key) && !kept) writer.RemoveKey(key);
  }
  writer.Set("tokenizer.ggml.model", std::string("none"));
  writer.Set(facts_.architecture + ".vocab_size", static_cast<uint32_t>(rows));
  writer.Set("cmif.model_id", facts_.model_id);
  writer.Set("cmif.partition", facts_.partition);
  writer.Set("cmif.row_type", facts_.table_type);
  writer.Set("cmif.vocabulary", facts_.vocabulary);
  writer.Set("cmif.tied", facts_.tied);
  for (const GgufTensor& tensor : file_.tensors()) {
    if (tensor.name == kTable || (headless && tensor.name == kHead)) continue;
    CMIF_TRY(
        writer.AddTensor(tensor.name, tensor.type, tensor.shape, tensor.data));
  }
  if (head_ == nullptr && facts_.tied && !headless) {
    CMIF_TRY(writer.AddTensor(kHead, table_->type, shape, table_->data));
  }
  if (headless) CMIF_TRY(writer.AddZeroTensor(kHead, zero_type, shape));
  CMIF_TRY(writer.AddZeroTensor(kTable, zero_type, shape));
  return writer.Write(path, progress);
}

}  // namespace cmif::model
