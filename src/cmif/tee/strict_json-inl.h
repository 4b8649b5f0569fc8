// SPDX-License-Identifier: Apache-2.0
// JSON as a verifier reads it: what two readers could understand differently
// is refused.
#ifndef CMIF_TEE_STRICT_JSON_INL_H_
#define CMIF_TEE_STRICT_JSON_INL_H_

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

namespace cmif::tee {

constexpr size_t kMaxJsonBytes = 1 << 20;
constexpr int kMaxJsonDepth = 16;

// DATA_LOSS: no JSON object, a key twice in one object, deeper than
// kMaxJsonDepth; RESOURCE_EXHAUSTED: longer than kMaxJsonBytes.
inline Result<nlohmann::json> ParseStrictJson(std::string_view text) {
  using nlohmann::json;
  if (text.size() > kMaxJsonBytes) {
    return ResourceExhausted("a JSON text has more than 1 MiB");
  }
  std::vector<std::set<std::string>> keys;  // of the open objects
  std::string problem;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (!problem.empty()) return false;
    if (depth > kMaxJsonDepth) problem = "a JSON text is nested too deeply";
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.empty() &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      problem = "a JSON text has a key twice in one object";
    }
    return problem.empty();
  };
  json parsed = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!problem.empty()) return DataLoss(problem);
  if (!parsed.is_object()) return DataLoss("this is not a JSON object");
  return parsed;
}

// Reads the members of an object by type, remembers the first failure, and
// finds members that nobody asked for. The object must outlive it.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& object, std::string place)
      : object_(object), place_(std::move(place)) {
    if (!object_.is_object()) Bad("", "an object");
  }

  bool Has(const char* key) const {
    return object_.is_object() && object_.contains(key);
  }
  std::string Text(const char* key) {
    const nlohmann::json* value = Find(key);
    if (value != nullptr && value->is_string()) return *value;
    Bad(key, "a string");
    return {};
  }
  bool Flag(const char* key, bool otherwise) {
    if (!Has(key)) return otherwise;
    const nlohmann::json* value = Find(key);
    if (value->is_boolean()) return *value;
    Bad(key, "true or false");
    return otherwise;
  }
  uint64_t Number(const char* key, uint64_t most) {
    const nlohmann::json* value = Find(key);
    if (value != nullptr && value->is_number_unsigned() &&
        value->get<uint64_t>() <= most) {
      return *value;
    }
    Bad(key, fmt::format("a whole number up to {}", most));
    return 0;
  }
  uint64_t NumberOr(const char* key, uint64_t most, uint64_t otherwise) {
    return Has(key) ? Number(key, most) : otherwise;
  }
  // So many bytes in hex.
  std::vector<uint8_t> Hex(const char* key, size_t bytes) {
    const nlohmann::json* value = Find(key);
    return HexOf(value, key, bytes);
  }
  // A list of such; empty if it is absent.
  std::vector<std::vector<uint8_t>> HexList(const char* key, size_t bytes) {
    std::vector<std::vector<uint8_t>> list;
    for (const nlohmann::json& entry : Array(key)) {
      list.push_back(HexOf(&entry, key, bytes));
    }
    return list;
  }
  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> list;
    for (const nlohmann::json& entry : Array(key)) {
      if (!entry.is_string()) Bad(key, "a list of strings");
      list.push_back(entry.is_string() ? entry.get<std::string>() : "");
    }
    return list;
  }
  // The members of a list; none if it is absent.
  const nlohmann::json& Array(const char* key) {
    static const nlohmann::json none = nlohmann::json::array();
    if (!Has(key)) return none;
    const nlohmann::json* value = Find(key);
    if (value->is_array()) return *value;
    Bad(key, "a list");
    return none;
  }
  // A member that is read by a reader of its own; null if it is absent.
  const nlohmann::json* Find(const char* key) {
    if (!Has(key)) return nullptr;
    asked_.insert(key);
    return &object_[key];
  }

  void Bad(std::string_view key, std::string_view wanted) {
    if (problem_.empty()) {
      problem_ =
          fmt::format("{}{}{} is not {}", place_,
                      place_.empty() || key.empty() ? "" : ".", key, wanted);
    }
  }
  // DATA_LOSS with the first failure. Members nobody asked for are fine.
  Result<void> Done() const {
    if (!problem_.empty()) return DataLoss(problem_);
    return {};
  }
  // The same, and DATA_LOSS if there are members nobody asked for.
  Result<void> DoneStrictly() const {
    CMIF_TRY(Done());
    for (const auto& [key, value] : object_.items()) {
      if (!asked_.contains(key)) {
        return DataLoss(
            fmt::format("{} has a key that this program does not know",
                        place_.empty() ? "the object" : place_));
      }
    }
    return {};
  }

 private:
  std::vector<uint8_t> HexOf(const nlohmann::json* value, const char* key,
                             size_t bytes) {
    if (value != nullptr && value->is_string()) {
      auto decoded = crypto::FromHex(value->get_ref<const std::string&>());
      if (decoded && decoded->size() == bytes) return *std::move(decoded);
    }
    Bad(key, fmt::format("{} bytes in hex", bytes));
    return std::vector<uint8_t>(bytes);
  }

  const nlohmann::json& object_;
  std::string place_;
  std::set<std::string> asked_;
  std::string problem_;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_STRICT_JSON_INL_H_
