// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_GGUF_WRITER_H_
#define CMIF_MODEL_GGUF_WRITER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/model/gguf_file.h"

struct gguf_context;

namespace cmif::model {

// Builds a GGUF file: keys first, then tensors in the order added. Not
// thread-safe.
class GgufWriter {
 public:
  GgufWriter();
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  void CopyKeys(const GgufFile& from);
  void RemoveKey(const std::string& key);
  void Set(const std::string& key, const std::string& value);
  void Set(const std::string& key, uint32_t value);
  void Set(const std::string& key, float value);
  void Set(const std::string& key, bool value);
  void Set(const std::string& key, std::span<const std::string> values);
  void Set(const std::string& key, std::span<const float> values);
  void Set(const std::string& key, std::span<const int32_t> values);

  // `data` must outlive Write(). The size must match type and shape:
  // INVALID_ARGUMENT else.
  Result<void> AddTensor(const std::string& name, const std::string& type,
                         std::span<const int64_t> shape,
                         std::span<const uint8_t> data);
  // A tensor of zeroes, written as a hole: takes no disk blocks.
  Result<void> AddZeroTensor(const std::string& name, const std::string& type,
                             std::span<const int64_t> shape);

  // The header with all keys and tensor infos, without tensor data.
  std::vector<uint8_t> Header() const;

  // Writes the file atomically. RESOURCE_EXHAUSTED when the disk is full.
  Result<void> Write(const std::filesystem::path& path,
                     const ProgressFn& progress = {}) const;

 private:
  struct Tensor {
    std::span<const uint8_t> data;  // empty for a hole
    uint64_t size_bytes;
  };
  Result<uint64_t> Declare(const std::string& name, const std::string& type,
                           std::span<const int64_t> shape);

  gguf_context* context_;
  std::vector<Tensor> tensors_;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_GGUF_WRITER_H_
