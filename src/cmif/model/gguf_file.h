// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_GGUF_FILE_H_
#define CMIF_MODEL_GGUF_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/file.h"
#include "cmif/base/status.h"

struct gguf_context;

namespace cmif::model {

// One tensor of a GGUF file; `data` lies inside the file's bytes.
struct GgufTensor {
  std::string name;
  std::string type;            // ggml's name, e.g. "q8_0"
  int type_id = 0;             // ggml's number
  std::vector<int64_t> shape;  // ggml order: shape[0] is the row width
  std::span<const uint8_t> data;
};

// A GGUF file (version 2 or 3), read by ggml's own reader from mapped memory,
// with what that reader leaves open checked on top: every tensor lies inside
// the file, and no value is read as another type than it has. Immutable;
// concurrent reads are fine.
class GgufFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED, DATA_LOSS (not GGUF, truncated, corrupt).
  static Result<GgufFile> Open(const std::filesystem::path& path);
  // The bytes must outlive the object.
  static Result<GgufFile> Parse(std::span<const uint8_t> bytes);

  GgufFile(GgufFile&&) noexcept;
  GgufFile& operator=(GgufFile&&) noexcept;
  ~GgufFile();

  // Values by key; nullopt when absent or of another kind. Int takes every
  // integer type and bool.
  std::optional<std::string> String(const std::string& key) const;
  std::optional<int64_t> Int(const std::string& key) const;
  std::optional<double> Float(const std::string& key) const;
  std::optional<std::vector<std::string>> Strings(const std::string& key) const;
  std::optional<std::vector<float>> Floats(const std::string& key) const;
  std::optional<std::vector<int32_t>> Ints(const std::string& key) const;
  // Length of an array; nullopt when absent or no array.
  std::optional<size_t> ArrayLength(const std::string& key) const;
  // An integer of 1 to `most`. DATA_LOSS, naming the key: absent or another.
  Result<uint32_t> Positive(const std::string& key, uint32_t most) const;
  std::vector<std::string> Keys() const;

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* FindTensor(std::string_view name) const;
  std::span<const uint8_t> bytes() const { return bytes_; }
  uint32_t version() const;

  // For GgufWriter.
  const gguf_context* raw() const { return context_.get(); }

 private:
  struct Free {
    void operator()(gguf_context* context) const;
  };
  GgufFile() = default;
  Result<void> CheckKeys() const;
  Result<void> ReadTensors();
  int64_t Find(const std::string& key, int gguf_type) const;
  template <typename T>
  std::optional<std::vector<T>> Values(const std::string& key,
                                       int gguf_type) const;

  std::optional<MappedFile> file_;
  std::span<const uint8_t> bytes_;
  std::unique_ptr<gguf_context, Free> context_;
  std::vector<GgufTensor> tensors_;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_GGUF_FILE_H_
