// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_MANIFEST_H_
#define CMIF_MODEL_MANIFEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::model {

inline constexpr std::string_view kBodyFile = "body.gguf";
inline constexpr std::string_view kBundleFile = "embedding.cmif";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kPartitionEmbedding = "embedding";
inline constexpr std::string_view kPartitionHead = "embedding+head";

// What a split model may have at most; beyond 512 layers llama.cpp aborts
// (LLAMA_MAX_LAYERS).
inline constexpr uint32_t kMaxWidth = 65'536;
inline constexpr uint32_t kMaxLayers = 512;
inline constexpr uint32_t kMaxContext = 1U << 30;
inline constexpr uint32_t kMaxVocabulary = 4'000'000;

// A classifier's label: printed line by line, so without control characters.
bool IsLabel(std::string_view text);

// What both halves of a split model agree on; public. The bundle carries the
// same facts but the two hashes of files.
struct ModelFacts {
  std::string model_id;      // hex SHA-256 of the file that was split
  std::string name;          // general.name
  std::string architecture;  // "llama" or "bert"
  std::string partition;     // kPartitionEmbedding or kPartitionHead
  uint32_t width = 0;        // values a row
  uint32_t vocabulary = 0;   // rows of the table
  uint32_t layers = 0;
  uint32_t context = 0;        // positions the model was trained for
  std::string table_type;      // ggml's name
  std::string head_type = {};  // partition embedding+head, else ""
  bool tied = false;           // the head is the embedding table, or a copy
  std::vector<std::string> labels;  // classifiers
  // How the clusters were made and K; "" and 0 in splits of before they were
  // kept. For people and for policies; what counts is the clusters themselves.
  std::string clustering = {};
  uint32_t cluster_size = 0;
  std::string body_sha256;  // hex

  bool operator==(const ModelFacts&) const = default;
};

struct Manifest {
  ModelFacts facts;
  uint64_t body_bytes = 0;
  uint64_t bundle_bytes = 0;
  std::string bundle_sha256;

  bool operator==(const Manifest&) const = default;
};

// The facts as JSON text (the bundle's section "facts").
std::string FactsToJson(const ModelFacts& facts);
// DATA_LOSS naming the first key that is missing or wrong.
Result<ModelFacts> FactsFromJson(std::string_view json);

std::string ManifestToJson(const Manifest& manifest);
Result<Manifest> ManifestFromJson(std::string_view json);

}  // namespace cmif::model

#endif  // CMIF_MODEL_MANIFEST_H_
