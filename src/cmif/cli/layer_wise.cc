// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/layer_wise.h"

#include <string>

#include "cmif/model/gguf_file.h"

namespace cmif::cli {
namespace {

Result<uint64_t> Count(const model::GgufFile& file, const std::string& key) {
  const std::string full =
      file.String("general.architecture").value_or("") + "." + key;
  const auto value = file.Int(full);
  if (!value || *value <= 0) {
    return NotFound("the model has no " + full);
  }
  return static_cast<uint64_t>(*value);
}

}  // namespace

Result<BlockShape> BlockShape::Of(const std::filesystem::path& gguf) {
  CMIF_ASSIGN(const model::GgufFile file, model::GgufFile::Open(gguf));
  BlockShape shape;
  CMIF_ASSIGN(shape.layers, Count(file, "block_count"));
  CMIF_ASSIGN(shape.width, Count(file, "embedding_length"));
  CMIF_ASSIGN(shape.heads, Count(file, "attention.head_count"));
  CMIF_ASSIGN(shape.feed_forward, Count(file, "feed_forward_length"));
  return shape;
}

std::vector<Crossing> LayerWiseCrossings(const BlockShape& shape,
                                         uint64_t positions) {
  const auto floats = [](uint64_t in, uint64_t out) {
    return Crossing{in * sizeof(float), out * sizeof(float)};
  };
  const Crossing norm = floats(shape.width, shape.width);
  const Crossing soft_max =
      floats(shape.heads * positions, shape.heads * positions);
  const Crossing activation =
      floats(2 * shape.feed_forward, shape.feed_forward);
  std::vector<Crossing> crossings;
  for (uint64_t layer = 0; layer < shape.layers; ++layer) {
    for (const Crossing& one : {norm, soft_max, norm, activation}) {
      crossings.push_back(one);
    }
  }
  crossings.push_back(norm);
  return crossings;
}

}  // namespace cmif::cli
