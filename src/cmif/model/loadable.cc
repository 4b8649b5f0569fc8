// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/loadable.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cmif/model/manifest.h"

namespace cmif::model {
namespace {

// LLAMA_MAX_EXPERTS of llama.cpp, which aborts beyond.
constexpr int64_t kMaxExperts = 512;

std::unexpected<Status> BadKey(const std::string& key, std::string_view why) {
  return DataLoss(fmt::format("the model's key {} {}", key, why));
}

Result<void> CheckFloats(const GgufFile& file, const std::string& arch) {
  for (const std::string& key : file.Keys()) {
    const auto value = file.Float(key);
    if (!key.starts_with(arch) || !value) continue;
    if (!std::isfinite(*value)) return BadKey(key, "is not finite");
    if (key.ends_with("_epsilon") && (*value < 0 || *value > 1)) {
      return BadKey(key, "is not within 0 to 1");
    }
    if (key.ends_with(".freq_base") && *value <= 0) {
      return BadKey(key, "is not above 0");
    }
  }
  return {};
}

Result<void> CheckRope(const GgufFile& file, const std::string& arch) {
  constexpr std::array<std::string_view, 4> kKinds = {"none", "linear", "yarn",
                                                      "longrope"};
  const std::string key = arch + "rope.scaling.type";
  const auto kind = file.String(key);
  if (!kind || std::ranges::find(kKinds, *kind) != kKinds.end()) return {};
  return BadKey(key, "is not none, linear, yarn or longrope");
}

// The value of a key that may be given for all layers at once or for each: then
// the same for all.
Result<std::optional<int64_t>> Uniform(const GgufFile& file,
                                       const std::string& key) {
  if (const auto one = file.Int(key)) return one;
  if (!file.ArrayLength(key)) return std::optional<int64_t>();
  const auto all = file.Ints(key);
  if (!all || all->empty() ||
      std::ranges::adjacent_find(*all, std::not_equal_to<>()) != all->end()) {
    return BadKey(key, "is not one number for all layers");
  }
  return std::optional<int64_t>(all->front());
}

Result<void> CheckExperts(const GgufFile& file, const std::string& arch) {
  CMIF_ASSIGN(const auto given, Uniform(file, arch + "expert_count"));
  CMIF_ASSIGN(const auto given_used, Uniform(file, arch + "expert_used_count"));
  const int64_t count = given.value_or(0);
  const int64_t used = given_used.value_or(0);
  if (count < 0 || count > kMaxExperts) {
    return BadKey(arch + "expert_count",
                  fmt::format("is beyond {}", kMaxExperts));
  }
  const bool fits = count == 0 ? used == 0 : used > 0 && used <= count;
  if (!fits) {
    return BadKey(arch + "expert_used_count", "does not fit expert_count");
  }
  if (file.Int(arch + "expert_group_count").value_or(0) != 0) {
    return Unimplemented("groups of experts are not supported");
  }
  return {};
}

// Each layer has the tensors of the first.
Result<void> CheckLayers(const GgufFile& file, const std::string& arch) {
  CMIF_ASSIGN(const uint32_t layers,
              file.Positive(arch + "block_count", kMaxLayers));
  std::map<std::string, std::set<std::string>> names_of_layer;
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.starts_with("blk.")) continue;
    const size_t dot = std::min(tensor.name.find('.', 4), tensor.name.size());
    names_of_layer[tensor.name.substr(0, dot)].insert(tensor.name.substr(dot));
  }
  const std::set<std::string> first = names_of_layer["blk.0"];
  for (uint32_t layer = 0; layer < layers; ++layer) {
    const std::string name = fmt::format("blk.{}", layer);
    const auto found = names_of_layer.find(name);
    if (first.empty() || found == names_of_layer.end() ||
        found->second != first) {
      return DataLoss(fmt::format(
          "the model says that it has {} layers, but the tensors of {} are "
          "missing or not those of the first: the file is incomplete",
          layers, name));
    }
  }
  return {};
}

Result<void> CheckHeads(const GgufFile& file, const std::string& arch) {
  CMIF_ASSIGN(const auto heads, Uniform(file, arch + "attention.head_count"));
  CMIF_ASSIGN(const auto given,
              Uniform(file, arch + "attention.head_count_kv"));
  const int64_t pairs = given.value_or(heads.value_or(0));
  if (!heads || *heads < 1 || pairs < 1 || *heads % pairs != 0) {
    return BadKey(arch + "attention.head_count",
                  "is missing or no multiple of head_count_kv");
  }
  const int64_t width =
      file.Int(arch + "embedding_length").value_or(0) / *heads;
  const int64_t keys = file.Int(arch + "attention.key_length").value_or(width);
  if (file.Int(arch + "attention.value_length").value_or(width) != keys) {
    return BadKey(arch + "attention.value_length", "is not key_length");
  }
  if (arch != "llama.") {  // the others turn nothing
    if (keys * *heads == file.Int(arch + "embedding_length")) return {};
    return BadKey(arch + "attention.head_count",
                  "times a head's width is not embedding_length");
  }
  const int64_t turned = file.Int(arch + "rope.dimension_count").value_or(keys);
  if (keys < 1 || turned < 1 || turned > keys || turned % 2 != 0) {
    return BadKey(arch + "rope.dimension_count",
                  "is not even or beyond a head's width");
  }
  return {};
}

// What comes out: without these llama.cpp gives other numbers than it says, or
// those of other sequences.
Result<void> CheckOutputs(const GgufFile& file, const std::string& arch) {
  const int64_t width = file.Int(arch + "embedding_length").value_or(0);
  if (file.Int(arch + "embedding_length_out").value_or(width) != width) {
    return BadKey(arch + "embedding_length_out", "is not embedding_length");
  }
  const bool classifier = file.Int(arch + "pooling_type") == kPoolingRank;
  if (classifier && file.FindTensor("cls.output.weight") == nullptr) {
    return DataLoss("the classifier has no tensor cls.output.weight");
  }
  return {};
}

// Matrices may be quantised; what is added to or multiplied with values one by
// one must be f32.
Result<void> CheckTypes(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    const auto type = static_cast<ggml_type>(tensor.type_id);
    const bool one_by_one =
        tensor.name.contains("norm") || tensor.name.ends_with(".bias") ||
        tensor.name.ends_with(".scale") || tensor.name.starts_with("rope_") ||
        tensor.name == "token_types.weight";
    // The two are for values on the way, not for weights.
    const bool is_matrix = type == GGML_TYPE_F16 || type == GGML_TYPE_BF16 ||
                           (ggml_is_quantized(type) && type != GGML_TYPE_Q8_1 &&
                            type != GGML_TYPE_Q8_K);
    if (type == GGML_TYPE_F32 || (is_matrix && !one_by_one)) continue;
    return DataLoss(
        fmt::format("the tensor {} has the type {}, which llama.cpp cannot "
                    "compute with there",
                    tensor.name, tensor.type));
  }
  return {};
}

}  // namespace

Result<void> CheckLoadable(const GgufFile& file) {
  const std::string arch =
      file.String("general.architecture").value_or("") + ".";
  // 0: joined.
  if (file.Int("split.count").value_or(0) > 1) {
    return Unimplemented(
        "this is one part of a model in several files; join them first "
        "(llama-gguf-split --merge)");
  }
  if (file.Int(arch + "nextn_predict_layers").value_or(0) != 0) {
    return Unimplemented(
        "layers that guess ahead (nextn_predict_layers) are not supported");
  }
  CMIF_TRY(CheckFloats(file, arch));
  CMIF_TRY(CheckRope(file, arch));
  CMIF_TRY(CheckExperts(file, arch));
  CMIF_TRY(CheckHeads(file, arch));
  CMIF_TRY(CheckLayers(file, arch));
  CMIF_TRY(CheckOutputs(file, arch));
  return CheckTypes(file);
}

}  // namespace cmif::model
