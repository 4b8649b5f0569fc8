// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cmif::model {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr uint32_t kFormatVersion = 1;

ordered_json Facts(const ModelFacts& facts) {
  ordered_json object = {{"format_version", kFormatVersion},
                         {"model_id", facts.model_id},
                         {"name", facts.name},
                         {"architecture", facts.architecture},
                         {"partition", facts.partition},
                         {"width", facts.width},
                         {"vocabulary", facts.vocabulary},
                         {"layers", facts.layers},
                         {"context", facts.context},
                         {"table_type", facts.table_type},
                         {"tied", facts.tied},
                         {"labels", facts.labels}};
  if (facts.partition == kPartitionHead) object["head_type"] = facts.head_type;
  if (!facts.clustering.empty()) {
    object["clustering"] = facts.clustering;
    object["cluster_size"] = facts.cluster_size;
  }
  return object;
}

// Names and labels come from the model's file and may be any bytes.
std::string Dump(const ordered_json& object, int indent) {
  return object.dump(indent, ' ', false, json::error_handler_t::replace);
}

Result<json> Parse(std::string_view text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return DataLoss("this is not a JSON object");
  return parsed;
}

// Reads typed values of an object; remembers the first failure.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  bool Has(const char* key) const { return object_.contains(key); }
  std::string Text(const char* key) {
    const json* value = Find(key);
    if (value != nullptr && value->is_string()) return *value;
    Bad(key, "a string");
    return {};
  }
  std::string Hash(const char* key) {
    std::string text = Text(key);
    const bool hex = std::ranges::all_of(text, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
    if (text.size() != 64 || !hex) Bad(key, "a SHA-256 in lower-case hex");
    return text;
  }
  template <typename T>
  T Number(const char* key, uint64_t least, uint64_t most) {
    const json* value = Find(key);
    if (value != nullptr && value->is_number_unsigned()) {
      const auto number = value->get<uint64_t>();
      if (number >= least && number <= most) return static_cast<T>(number);
    }
    Bad(key, "a number in its range");
    return 0;
  }
  bool Flag(const char* key) {
    const json* value = Find(key);
    if (value != nullptr && value->is_boolean()) return *value;
    Bad(key, "true or false");
    return false;
  }
  std::vector<std::string> Texts(const char* key) {
    const json* value = Find(key);
    const auto is_text = [](const json& entry) { return entry.is_string(); };
    if (value != nullptr && value->is_array() &&
        std::ranges::all_of(*value, is_text)) {
      return *value;
    }
    Bad(key, "a list of strings");
    return {};
  }
  Result<void> Done() const {
    if (problem_.empty()) return {};
    return DataLoss(problem_);
  }
  void Bad(const char* key, const char* wanted) {
    if (!problem_.empty()) return;
    problem_ = std::string("key '") + key + "' is not " + wanted;
  }

 private:
  const json* Find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  const json& object_;
  std::string problem_;
};

ModelFacts ReadFacts(Fields& fields) {
  ModelFacts facts;
  if (fields.Number<uint32_t>("format_version", 0, UINT32_MAX) !=
      kFormatVersion) {
    fields.Bad("format_version", "1, the version that this program reads");
  }
  facts.model_id = fields.Hash("model_id");
  facts.name = fields.Text("name");
  facts.architecture = fields.Text("architecture");
  facts.partition = fields.Text("partition");
  if (facts.partition != kPartitionEmbedding &&
      facts.partition != kPartitionHead) {
    fields.Bad("partition", "'embedding' or 'embedding+head'");
  }
  facts.width = fields.Number<uint32_t>("width", 1, kMaxWidth);
  facts.vocabulary = fields.Number<uint32_t>("vocabulary", 1, kMaxVocabulary);
  facts.layers = fields.Number<uint32_t>("layers", 1, kMaxLayers);
  facts.context = fields.Number<uint32_t>("context", 1, kMaxContext);
  facts.table_type = fields.Text("table_type");
  if (facts.partition == kPartitionHead) {
    facts.head_type = fields.Text("head_type");
  }
  facts.tied = fields.Flag("tied");
  facts.labels = fields.Texts("labels");
  if (!std::ranges::all_of(facts.labels, IsLabel)) {
    fields.Bad("labels", "texts without control characters");
  }
  if (fields.Has("clustering")) {
    facts.clustering = fields.Text("clustering");
    facts.cluster_size = fields.Number<uint32_t>("cluster_size", 2, 256);
  }
  return facts;
}

}  // namespace

bool IsLabel(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

std::string FactsToJson(const ModelFacts& facts) {
  ordered_json object = Facts(facts);
  object["body_sha256"] = facts.body_sha256;
  return Dump(object, -1);
}

Result<ModelFacts> FactsFromJson(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  Fields fields(object);
  ModelFacts facts = ReadFacts(fields);
  facts.body_sha256 = fields.Hash("body_sha256");
  CMIF_TRY(fields.Done());
  return facts;
}

std::string ManifestToJson(const Manifest& manifest) {
  ordered_json object = Facts(manifest.facts);
  object["body"] = {{"file", kBodyFile},
                    {"bytes", manifest.body_bytes},
                    {"sha256", manifest.facts.body_sha256}};
  object["bundle"] = {{"file", kBundleFile},
                      {"bytes", manifest.bundle_bytes},
                      {"sha256", manifest.bundle_sha256}};
  return Dump(object, 2) + "\n";
}

Result<Manifest> ManifestFromJson(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  Manifest manifest;
  Fields fields(object);
  manifest.facts = ReadFacts(fields);
  CMIF_TRY(fields.Done());
  for (const char* part : {"body", "bundle"}) {
    const auto found = object.find(part);
    if (found == object.end() || !found->is_object()) {
      return DataLoss(std::string("key '") + part + "' is not an object");
    }
    Fields file(*found);
    const auto bytes = file.Number<uint64_t>("bytes", 1, 1ULL << 50);
    const std::string sha256 = file.Hash("sha256");
    const bool body = part == std::string_view("body");
    if (file.Text("file") != (body ? kBodyFile : kBundleFile)) {
      file.Bad("file", "the name of that part");
    }
    CMIF_TRY(file.Done());
    (body ? manifest.body_bytes : manifest.bundle_bytes) = bytes;
    (body ? manifest.facts.body_sha256 : manifest.bundle_sha256) = sha256;
  }
  return manifest;
}

}  // namespace cmif::model
