// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/gguf_file.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <unordered_set>

#include "cmif/base/byte_reader.h"
#include "cmif/model/llama_log.h"

namespace cmif::model {
namespace {

// Real models have some 20 to 100.
constexpr int64_t kMaxKeys = 4096;
// Files have 32; the padding is written, so a huge one is an attack.
constexpr size_t kMaxAlignmentBytes = 65536;

}  // namespace

void GgufFile::Free::operator()(gguf_context* context) const {
  gguf_free(context);
}

GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;

Result<GgufFile> GgufFile::Open(const std::filesystem::path& path) {
  CMIF_ASSIGN(MappedFile mapped, MappedFile::Open(path));
  auto parsed = Parse(mapped.bytes());
  if (!parsed) return std::unexpected(parsed.error().At(path.string()));
  parsed->file_ = std::move(mapped);
  return parsed;
}

Result<GgufFile> GgufFile::Parse(std::span<const uint8_t> bytes) {
  CaptureLlamaLog();
  if (bytes.size() < 24 || AsText(bytes.first(4)) != "GGUF") {
    return DataLoss(
        bytes.size() >= 4 && AsText(bytes.first(4)) == "CMIF"
            ? "this is not a GGUF file but a clients' bundle or a channel; the "
              "server gets body.gguf"
            : "this is not a GGUF file (no GGUF header)");
  }
  GgufFile file;
  file.bytes_ = bytes;
  TakeLlamaError();
  const gguf_init_params params = {.no_alloc = true, .ctx = nullptr};
  file.context_.reset(
      gguf_init_from_buffer(bytes.data(), bytes.size(), params));
  if (!file.context_) {
    const std::string why = TakeLlamaError();
    return DataLoss("the GGUF header is truncated or corrupt" +
                    (why.empty() ? "" : " (" + why + ")") +
                    "; fetch the file again");
  }
  CMIF_TRY(file.CheckKeys());
  CMIF_TRY(file.ReadTensors());
  return file;
}

Result<void> GgufFile::CheckKeys() const {
  const gguf_context* raw = context_.get();
  const int64_t count = gguf_get_n_kv(raw);
  if (count > kMaxKeys) {
    return DataLoss(fmt::format("the GGUF header has {} keys; at most {} work",
                                count, kMaxKeys));
  }
  if (gguf_get_alignment(raw) > kMaxAlignmentBytes) {
    return DataLoss(
        fmt::format("general.alignment is above {} bytes", kMaxAlignmentBytes));
  }
  for (int64_t i = 0; i < count; ++i) {
    // Keys with NUL bytes end early in ggml's own interface, which aborts when
    // it copies them.
    const char* key = gguf_get_key(raw, i);
    if (*key == '\0' || gguf_find_key(raw, key) != i) {
      return DataLoss(fmt::format(
          "key {} of the GGUF header is empty or stands there twice", i));
    }
  }
  return {};
}

Result<void> GgufFile::ReadTensors() {
  const gguf_context* raw = context_.get();
  const uint64_t start = gguf_get_data_offset(raw);
  const int64_t count = gguf_get_n_tensors(raw);
  tensors_.reserve(static_cast<size_t>(count));
  std::unordered_set<std::string> names;
  for (int64_t i = 0; i < count; ++i) {
    GgufTensor tensor;
    tensor.name = gguf_get_tensor_name(raw, i);
    if (!names.insert(tensor.name).second) {
      // ggml's reader lets names pass that differ behind a NUL byte.
      return DataLoss("tensor '" + tensor.name + "' stands there twice");
    }
    tensor.type_id = gguf_get_tensor_type(raw, i);
    tensor.type = ggml_type_name(gguf_get_tensor_type(raw, i));
    const int64_t* shape = gguf_get_tensor_ne(raw, i);
    tensor.shape.assign(shape, shape + GGML_MAX_DIMS);
    while (tensor.shape.size() > 1 && tensor.shape.back() == 1) {
      tensor.shape.pop_back();
    }
    const uint64_t offset = gguf_get_tensor_offset(raw, i);
    const uint64_t size = gguf_get_tensor_size(raw, i);
    if (start > bytes_.size() || offset > bytes_.size() - start ||
        size > bytes_.size() - start - offset) {
      return DataLoss(
          fmt::format("the file is truncated: tensor '{}' needs {} bytes at "
                      "offset {}, the file has {}; fetch it again",
                      tensor.name, size, start + offset, bytes_.size()));
    }
    tensor.data = bytes_.subspan(start + offset, size);
    tensors_.push_back(std::move(tensor));
  }
  return {};
}

int64_t GgufFile::Find(const std::string& key, int gguf_type) const {
  const int64_t id = gguf_find_key(context_.get(), key.c_str());
  return id >= 0 && gguf_get_kv_type(context_.get(), id) == gguf_type ? id : -1;
}

std::optional<std::string> GgufFile::String(const std::string& key) const {
  const int64_t id = Find(key, GGUF_TYPE_STRING);
  if (id < 0) return std::nullopt;
  return gguf_get_val_str(context_.get(), id);
}

std::optional<int64_t> GgufFile::Int(const std::string& key) const {
  const gguf_context* raw = context_.get();
  const int64_t id = gguf_find_key(raw, key.c_str());
  if (id < 0) return std::nullopt;
  switch (gguf_get_kv_type(raw, id)) {
    case GGUF_TYPE_UINT8:
      return gguf_get_val_u8(raw, id);
    case GGUF_TYPE_INT8:
      return gguf_get_val_i8(raw, id);
    case GGUF_TYPE_UINT16:
      return gguf_get_val_u16(raw, id);
    case GGUF_TYPE_INT16:
      return gguf_get_val_i16(raw, id);
    case GGUF_TYPE_UINT32:
      return gguf_get_val_u32(raw, id);
    case GGUF_TYPE_INT32:
      return gguf_get_val_i32(raw, id);
    case GGUF_TYPE_INT64:
      return gguf_get_val_i64(raw, id);
    case GGUF_TYPE_BOOL:
      return gguf_get_val_bool(raw, id) ? 1 : 0;
    case GGUF_TYPE_UINT64: {
      const uint64_t value = gguf_get_val_u64(raw, id);
      if (value > INT64_MAX) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> GgufFile::Float(const std::string& key) const {
  if (const int64_t id = Find(key, GGUF_TYPE_FLOAT32); id >= 0) {
    return gguf_get_val_f32(context_.get(), id);
  }
  if (const int64_t id = Find(key, GGUF_TYPE_FLOAT64); id >= 0) {
    return gguf_get_val_f64(context_.get(), id);
  }
  return std::nullopt;
}

std::optional<size_t> GgufFile::ArrayLength(const std::string& key) const {
  const int64_t id = Find(key, GGUF_TYPE_ARRAY);
  if (id < 0) return std::nullopt;
  return gguf_get_arr_n(context_.get(), id);
}

std::optional<std::vector<std::string>> GgufFile::Strings(
    const std::string& key) const {
  const gguf_context* raw = context_.get();
  const int64_t id = Find(key, GGUF_TYPE_ARRAY);
  if (id < 0 || gguf_get_arr_type(raw, id) != GGUF_TYPE_STRING) {
    return std::nullopt;
  }
  std::vector<std::string> strings(gguf_get_arr_n(raw, id));
  for (size_t i = 0; i < strings.size(); ++i) {
    strings[i] = gguf_get_arr_str(raw, id, i);
  }
  return strings;
}

template <typename T>
std::optional<std::vector<T>> GgufFile::Values(const std::string& key,
                                               int gguf_type) const {
  const gguf_context* raw = context_.get();
  const int64_t id = Find(key, GGUF_TYPE_ARRAY);
  if (id < 0 || gguf_get_arr_type(raw, id) != gguf_type) return std::nullopt;
  const auto* data = static_cast<const T*>(gguf_get_arr_data(raw, id));
  return std::vector<T>(data, data + gguf_get_arr_n(raw, id));
}

std::optional<std::vector<float>> GgufFile::Floats(
    const std::string& key) const {
  return Values<float>(key, GGUF_TYPE_FLOAT32);
}

std::optional<std::vector<int32_t>> GgufFile::Ints(
    const std::string& key) const {
  return Values<int32_t>(key, GGUF_TYPE_INT32);
}

Result<uint32_t> GgufFile::Positive(const std::string& key,
                                    uint32_t most) const {
  const auto value = Int(key);
  if (value && *value >= 1 && *value <= most) {
    return static_cast<uint32_t>(*value);
  }
  return DataLoss(
      fmt::format("the key {} is missing or not within 1 to {}", key, most));
}

std::vector<std::string> GgufFile::Keys() const {
  const int64_t count = gguf_get_n_kv(context_.get());
  std::vector<std::string> keys;
  keys.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    keys.emplace_back(gguf_get_key(context_.get(), i));
  }
  return keys;
}

const GgufTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &GgufTensor::name);
  return found == tensors_.end() ? nullptr : &*found;
}

uint32_t GgufFile::version() const { return gguf_get_version(context_.get()); }

}  // namespace cmif::model
