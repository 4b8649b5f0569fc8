// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/gguf_writer.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <algorithm>

#include "cmif/base/file.h"

namespace cmif::model {
namespace {

int TypeByName(const std::string& name) {
  for (int type = 0; type < GGML_TYPE_COUNT; ++type) {
    const char* known = ggml_type_name(static_cast<ggml_type>(type));
    if (known != nullptr && name == known) return type;
  }
  return -1;
}

}  // namespace

GgufWriter::GgufWriter() : context_(gguf_init_empty()) {}
GgufWriter::~GgufWriter() { gguf_free(context_); }

void GgufWriter::CopyKeys(const GgufFile& from) {
  gguf_set_kv(context_, from.raw());
}
void GgufWriter::RemoveKey(const std::string& key) {
  gguf_remove_key(context_, key.c_str());
}
void GgufWriter::Set(const std::string& key, const std::string& value) {
  gguf_set_val_str(context_, key.c_str(), value.c_str());
}
void GgufWriter::Set(const std::string& key, uint32_t value) {
  gguf_set_val_u32(context_, key.c_str(), value);
}
void GgufWriter::Set(const std::string& key, float value) {
  gguf_set_val_f32(context_, key.c_str(), value);
}
void GgufWriter::Set(const std::string& key, bool value) {
  gguf_set_val_bool(context_, key.c_str(), value);
}
void GgufWriter::Set(const std::string& key,
                     std::span<const std::string> values) {
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) texts.push_back(value.c_str());
  gguf_set_arr_str(context_, key.c_str(), texts.data(), texts.size());
}
void GgufWriter::Set(const std::string& key, std::span<const float> values) {
  gguf_set_arr_data(context_, key.c_str(), GGUF_TYPE_FLOAT32, values.data(),
                    values.size());
}
void GgufWriter::Set(const std::string& key, std::span<const int32_t> values) {
  gguf_set_arr_data(context_, key.c_str(), GGUF_TYPE_INT32, values.data(),
                    values.size());
}

Result<uint64_t> GgufWriter::Declare(const std::string& name,
                                     const std::string& type,
                                     std::span<const int64_t> shape) {
  const int type_id = TypeByName(type);
  const auto ggml = static_cast<ggml_type>(type_id);
  if (type_id < 0 || shape.empty() || shape.size() > GGML_MAX_DIMS ||
      shape[0] % ggml_blck_size(ggml) != 0) {
    return InvalidArgument(
        fmt::format("tensor '{}' cannot have type '{}' and {} dimensions", name,
                    type, shape.size()));
  }
  const ggml_init_params params = {.mem_size = ggml_tensor_overhead(),
                                   .mem_buffer = nullptr,
                                   .no_alloc = true};
  ggml_context* scratch = ggml_init(params);
  ggml_tensor* tensor = ggml_new_tensor(
      scratch, ggml, static_cast<int>(shape.size()), shape.data());
  ggml_set_name(tensor, name.c_str());
  gguf_add_tensor(context_, tensor);
  const uint64_t size_bytes = ggml_nbytes(tensor);
  ggml_free(scratch);
  return size_bytes;
}

Result<void> GgufWriter::AddTensor(const std::string& name,
                                   const std::string& type,
                                   std::span<const int64_t> shape,
                                   std::span<const uint8_t> data) {
  CMIF_ASSIGN(const uint64_t size_bytes, Declare(name, type, shape));
  if (size_bytes != data.size()) {
    return InvalidArgument(fmt::format("tensor '{}' needs {} bytes, {} given",
                                       name, size_bytes, data.size()));
  }
  tensors_.push_back({data, size_bytes});
  return {};
}

Result<void> GgufWriter::AddZeroTensor(const std::string& name,
                                       const std::string& type,
                                       std::span<const int64_t> shape) {
  CMIF_ASSIGN(const uint64_t size_bytes, Declare(name, type, shape));
  tensors_.push_back({{}, size_bytes});
  return {};
}

std::vector<uint8_t> GgufWriter::Header() const {
  std::vector<uint8_t> header(gguf_get_meta_size(context_));
  gguf_get_meta_data(context_, header.data());
  return header;
}

Result<void> GgufWriter::Write(const std::filesystem::path& path,
                               const ProgressFn& progress) const {
  CMIF_ASSIGN(AtomicFile file, AtomicFile::Create(path));
  CMIF_TRY(file.Write(Header()));
  const uint64_t alignment = gguf_get_alignment(context_);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const Tensor& tensor = tensors_[i];
    const uint64_t padding =
        (alignment - tensor.size_bytes % alignment) % alignment;
    if (tensor.data.empty()) {
      CMIF_TRY(file.WriteHole(tensor.size_bytes + padding));
    } else {
      CMIF_TRY(file.Write(tensor.data));
      CMIF_TRY(file.Write(std::vector<uint8_t>(padding)));
    }
    if (progress) {
      progress(static_cast<double>(i + 1) /
               static_cast<double>(tensors_.size()));
    }
  }
  return file.Commit();
}

}  // namespace cmif::model
