// SPDX-License-Identifier: Apache-2.0
// write_tiny_model KIND FILE [SEED]: a tiny random model for tests of the
// program. KIND: llama, bert, tied (llama), mamba (an architecture that is not
// supported), nolabels (a BERT that is no classifier).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "cmif/model/gguf_file.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::model {
namespace {

Result<void> Write(const std::string& kind, const std::filesystem::path& path,
                   uint64_t seed) {
  const testing::TinyModelOptions options = {
      .tied = kind == "tied", .layers = 1, .seed = seed};
  if (kind == "llama" || kind == "tied") {
    return testing::WriteTinyLlama(path, options);
  }
  CMIF_TRY(testing::WriteTinyBert(path, options));
  if (kind == "bert") return {};
  CMIF_ASSIGN(const GgufFile file, GgufFile::Open(path));
  GgufWriter writer;
  writer.CopyKeys(file);
  if (kind == "mamba") writer.Set("general.architecture", kind);
  if (kind == "nolabels") writer.RemoveKey("bert.classifier.output_labels");
  for (const GgufTensor& tensor : file.tensors()) {
    CMIF_TRY(
        writer.AddTensor(tensor.name, tensor.type, tensor.shape, tensor.data));
  }
  return writer.Write(path);
}

}  // namespace
}  // namespace cmif::model

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s KIND FILE [SEED]\n", argv[0]);
    return 2;
  }
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const auto written = cmif::model::Write(argv[1], argv[2], seed);
  if (written) return 0;
  std::fprintf(stderr, "write_tiny_model: %s\n",
               written.error().message().c_str());
  return 1;
}
