// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_ENGINE_H_
#define CMIF_ENGINE_ENGINE_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/engine/body_info.h"
#include "cmif/engine/classify_loop.h"
#include "cmif/engine/generate_loop.h"
#include "cmif/engine/generation.h"

namespace cmif::engine {

struct EngineOptions {
  int threads = 0;                 // 0: all hardware threads
  uint32_t sessions = 8;           // at once, 1 to 256
  uint32_t session_tokens = 2048;  // cut to what the model was trained for
  uint32_t waiting_sessions = 32;  // beyond: RESOURCE_EXHAUSTED
  uint32_t batch_rows = 512;       // of one call, >= sessions
  uint32_t mixed_chunk_rows = 64;  // see GenerateLoopOptions
  int gpu_layers = 0;              // -1: all
  // As in GenerateLoopOptions.
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds crowded_idle_timeout{30'000};
  bool allow_whole_model = false;  // tests and benchmarks
};

struct EngineInfo {
  BodyInfo body;
  uint32_t max_tokens = 0;     // positions of a session or sentence
  uint32_t max_sessions = 0;   // 0 for a classifier
  uint32_t max_sentences = 0;  // of one ClassifyBatch; 0 for a generator
  uint32_t labels = 0;         // 0: not a classifier
};

// A loaded body on a thread of its own: it either generates (llama) or
// classifies (bert). Thread-safe.
class Engine {
 public:
  // Codes of ReadBodyInfo and LlamaRunner::Load; INVALID_ARGUMENT for options
  // out of range. Takes as long as reading the file.
  static Result<std::unique_ptr<Engine>> Load(const std::filesystem::path& body,
                                              const EngineOptions& options);
  // Ends what runs with UNAVAILABLE. Sessions must not be used afterwards.
  ~Engine();

  const EngineInfo& info() const { return info_; }

  // FAILED_PRECONDITION on a classifier; RESOURCE_EXHAUSTED: too many wait.
  Result<std::shared_ptr<Session>> Open(
      std::shared_ptr<GenerationEvents> events);

  // FAILED_PRECONDITION on a generator; else as ClassifyLoop::Add.
  Result<std::shared_ptr<ClassifyLoop::Ticket>> ClassifyAsync(
      ClassifyBatch batch, ClassifyDone done);
  // Waits for the answer.
  Result<std::vector<float>> Classify(ClassifyBatch batch);

  // Sessions that run and wait.
  GenerateLoop::Load load() const;

 private:
  Engine() = default;
  EngineInfo info_;
  std::unique_ptr<GenerateLoop> generate_;
  std::unique_ptr<ClassifyLoop> classify_;
};

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_ENGINE_H_
