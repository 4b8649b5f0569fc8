// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_SOURCE_MODEL_H_
#define CMIF_MODEL_SOURCE_MODEL_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/model/bundle.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/manifest.h"

namespace cmif::model {

// A whole model that can be split: a GGUF of a supported architecture whose
// tokenizer and embedding table were checked. Immutable; thread-safe.
class SourceModel {
 public:
  // `head_on_client`: the partition embedding+head (llama only).
  // UNIMPLEMENTED names an architecture or tokenizer that is not supported;
  // DATA_LOSS, INVALID_ARGUMENT for what does not fit together;
  // FAILED_PRECONDITION for the body of a model that was split already.
  static Result<SourceModel> Open(const std::filesystem::path& path,
                                  bool head_on_client);

  // All but model_id and body_sha256, which need the whole file: Identify().
  const ModelFacts& facts() const { return facts_; }
  // Hashes the file: facts().model_id is set afterwards.
  void Identify(const ProgressFn& progress);

  // The tokenizer alone, as a GGUF without tensors.
  std::vector<uint8_t> TokenizerGguf() const;
  std::span<const uint8_t> table() const { return table_->data; }
  // The output head that goes to the client; empty for partition embedding.
  std::span<const uint8_t> head() const;
  // A copy of the table, for clustering.
  Result<EmbeddingTable> Table() const;

  // Writes the server's part: every key but the tokenizer's, every tensor but
  // the table, for which zeroes stand (a hole at the end of the file).
  Result<void> WriteBody(const std::filesystem::path& path,
                         const ProgressFn& progress) const;

 private:
  explicit SourceModel(GgufFile file) : file_(std::move(file)) {}
  Result<void> ReadFacts(bool head_on_client);
  Result<void> CheckTable();

  GgufFile file_;
  const GgufTensor* table_ = nullptr;
  const GgufTensor* head_ = nullptr;  // output.weight; none: the table
  ModelFacts facts_;
};

// "llama, bert": for messages and help texts.
std::string SupportedArchitectures();

}  // namespace cmif::model

#endif  // CMIF_MODEL_SOURCE_MODEL_H_
