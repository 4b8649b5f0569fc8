// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/body_info.h"

#include <fmt/format.h>

#include <cstdint>

#include "cmif/model/gguf_file.h"
#include "cmif/model/loadable.h"
#include "cmif/model/row_format.h"

namespace cmif::engine {
namespace {

using model::GgufFile;

Result<void> ReadShape(const GgufFile& file, BodyInfo& info) {
  info.architecture = file.String("general.architecture").value_or("");
  if (info.architecture != "llama" && info.architecture != "bert") {
    return Unimplemented(fmt::format(
        "architecture '{}' is not supported; supported: llama, bert",
        info.architecture.substr(0, 32)));
  }
  const std::string& arch = info.architecture;
  CMIF_ASSIGN(info.row_width,
              file.Positive(arch + ".embedding_length", INT32_MAX));
  CMIF_ASSIGN(info.context, file.Positive(arch + ".context_length", INT32_MAX));
  info.classifier = arch == "bert";
  if (info.classifier && file.Int("bert.pooling_type") != model::kPoolingRank) {
    return Unimplemented(
        "this BERT model has no classification head (bert.pooling_type is not "
        "4); only classifiers are supported");
  }
  return {};
}

Result<void> ReadSplitKeys(const GgufFile& file, BodyInfo& info) {
  if (file.ArrayLength("tokenizer.ggml.tokens") ||
      file.String("tokenizer.ggml.model") != "none") {
    return DataLoss(
        "the body carries a tokenizer, which cmif split leaves to the clients; "
        "split the model again");
  }
  info.model_id = file.String("cmif.model_id").value_or("");
  info.partition = file.String("cmif.partition").value_or("");
  info.row_type = file.String("cmif.row_type").value_or("");
  CMIF_ASSIGN(info.vocabulary, file.Positive("cmif.vocabulary", INT32_MAX));
  const bool head_out = info.hidden_states() && !info.classifier;
  if (info.partition != "embedding" && !head_out) {
    return Unimplemented(fmt::format("partition '{}' is not supported for {}",
                                     info.partition.substr(0, 32),
                                     info.architecture));
  }
  return {};
}

Result<void> ReadWholeModel(const GgufFile& file, BodyInfo& info) {
  const model::GgufTensor* table = file.FindTensor("token_embd.weight");
  if (table == nullptr || table->shape.size() < 2) {
    return DataLoss("the model has no token_embd.weight");
  }
  info.partition = "embedding";
  info.row_type = table->type;
  info.vocabulary = static_cast<uint32_t>(table->shape[1]);
  return {};
}

}  // namespace

Result<BodyInfo> ReadBodyInfo(const std::filesystem::path& path,
                              bool allow_whole_model) {
  CMIF_ASSIGN(const GgufFile file, GgufFile::Open(path));
  const bool split = file.String("cmif.model_id").has_value();
  if (!split && !allow_whole_model) {
    return FailedPrecondition(
        fmt::format("{} is a whole model with its embedding table; run `cmif "
                    "split MODEL.gguf -o DIR` and serve DIR/body.gguf",
                    path.string()));
  }
  BodyInfo info;
  CMIF_TRY(ReadShape(file, info));
  if (auto loadable = model::CheckLoadable(file); !loadable) {
    return std::unexpected(loadable.error().At(path.string()));
  }
  CMIF_TRY(split ? ReadSplitKeys(file, info) : ReadWholeModel(file, info));
  auto format = model::RowFormat::Create(info.row_type, info.row_width);
  if (!format) return DataLoss(format.error().At("cmif.row_type").message());
  return info;
}

}  // namespace cmif::engine
