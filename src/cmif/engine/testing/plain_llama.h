// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_TESTING_PLAIN_LLAMA_H_
#define CMIF_ENGINE_TESTING_PLAIN_LLAMA_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::engine::testing {

struct PlainLlamaOptions {
  int threads = 1;
  uint32_t context = 2048;
  uint32_t batch = 512;
  uint32_t sequences = 1;
  bool classifier = false;
  bool hidden_states = false;
};

// The reference: stock llama.cpp on a whole model, fed with token ids, with
// llama.cpp's defaults. Not thread-safe.
class PlainLlama {
 public:
  static Result<std::unique_ptr<PlainLlama>> Load(
      const std::filesystem::path& path, const PlainLlamaOptions& options);
  ~PlainLlama();

  // Appends tokens to sequence 0 in calls of at most `batch`; logits (or hidden
  // state) of the last.
  std::vector<float> Append(std::span<const int32_t> tokens);
  // One call of llama.cpp and one of its greedy sampler: a step of Greedy().
  uint32_t Next(std::span<const int32_t> tokens);
  // Greedy tokens after a prompt, from an empty cache.
  std::vector<uint32_t> Greedy(std::span<const int32_t> prompt, uint32_t count);
  // Logits of sentences in one call.
  std::vector<float> Classify(
      const std::vector<std::vector<int32_t>>& sentences);
  void Clear();

 private:
  struct Impl;
  PlainLlama();
  bool Decode(std::span<const int32_t> tokens);
  std::unique_ptr<Impl> impl_;
};

// The embedding table of a whole model, as a client holds it.
class TableRows {
 public:
  static Result<TableRows> Open(const std::filesystem::path& path);
  // In the table's own type.
  std::span<const uint8_t> Row(uint32_t token) const;
  // Expanded, back to back.
  std::vector<float> Expand(std::span<const int32_t> tokens) const;
  size_t row_bytes() const { return row_bytes_; }
  uint32_t width() const { return width_; }
  uint32_t count() const { return count_; }

 private:
  TableRows() = default;
  std::string type_;
  uint32_t width_ = 0;
  uint32_t count_ = 0;
  size_t row_bytes_ = 0;
  std::vector<uint8_t> bytes_;
};

}  // namespace cmif::engine::testing

#endif  // CMIF_ENGINE_TESTING_PLAIN_LLAMA_H_
