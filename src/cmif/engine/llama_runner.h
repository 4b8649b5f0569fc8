// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_LLAMA_RUNNER_H_
#define CMIF_ENGINE_LLAMA_RUNNER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::engine {

struct RunnerOptions {
  int threads = 1;                  // >= 1
  uint32_t sequences = 8;           // 1 to 256 (llama.cpp's limit)
  uint32_t sequence_tokens = 2048;  // positions each may take, >= 1
  uint32_t batch_rows = 512;        // rows a call may hold, >= 1
  int gpu_layers = 0;               // -1: all
  bool hidden_states = false;       // out: states after the last norm
  bool classifier = false;          // BERT with a head
};

// Rows of one sequence for one decode call.
struct SequencePart {
  int sequence = 0;
  int32_t first_position = 0;   // the next one of that sequence
  std::span<const float> rows;  // whole rows, at least one
};

// One model and one context of llama.cpp: the lowest level, without any
// scheduling. Checks what would abort the process inside llama.cpp before each
// call (reference/engine.md 1). Values of rows must be finite: a NaN can reach
// other sequences of a call. Not thread-safe, but for Abort().
class LlamaRunner {
 public:
  // DATA_LOSS with llama.cpp's own reason when it cannot load the file;
  // INVALID_ARGUMENT for options out of range; RESOURCE_EXHAUSTED when the
  // context does not fit into memory.
  static Result<std::unique_ptr<LlamaRunner>> Load(
      const std::filesystem::path& path, const RunnerOptions& options);
  ~LlamaRunner();
  LlamaRunner(const LlamaRunner&) = delete;
  LlamaRunner& operator=(const LlamaRunner&) = delete;

  uint32_t width() const { return width_; }
  uint32_t vocabulary() const { return vocabulary_; }  // of the body's head
  uint32_t labels() const { return labels_; }          // 0: not a classifier
  uint32_t sequence_tokens() const { return options_.sequence_tokens; }
  uint32_t batch_rows() const { return options_.batch_rows; }

  // One llama_decode. Parts must be in ascending order of sequence, one each.
  // INVALID_ARGUMENT: shapes, positions; CANCELLED: Abort() was called (the
  // rows of the call are gone from the cache); INTERNAL: llama.cpp failed.
  // After a failure the sequences of the call must be cleared.
  Result<void> Decode(std::span<const SequencePart> parts);

  // Of the last row of parts[i] of the last Decode(); valid until the next
  // call. Hidden states with options.hidden_states only.
  std::span<const float> Logits(size_t part) const;
  std::span<const float> HiddenState(size_t part) const;

  // One llama_encode of whole sentences (rows each): labels() logits a
  // sentence. At most `sequences` sentences and batch_rows() rows.
  Result<std::vector<float>> Classify(
      std::span<const std::span<const float>> sentences);

  // Forgets a sequence. Its memory keeps old numbers until overwritten.
  void ClearSequence(int sequence);
  // Forgets all sequences and overwrites their memory.
  void WipeAll();

  // Makes a running Decode() on the CPU return soon with CANCELLED, and every
  // later one: the end of this runner. From any thread.
  void Abort();

 private:
  struct Impl;
  explicit LlamaRunner(const RunnerOptions& options);
  Result<void> LoadModel(const std::filesystem::path& path);
  Result<void> CreateContext();
  Result<void> CheckParts(std::span<const SequencePart> parts) const;

  RunnerOptions options_;
  std::unique_ptr<Impl> impl_;
  uint32_t width_ = 0;
  uint32_t vocabulary_ = 0;
  uint32_t labels_ = 0;
};

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_LLAMA_RUNNER_H_
