// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_CLASSIFY_LOOP_H_
#define CMIF_ENGINE_CLASSIFY_LOOP_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/engine/llama_runner.h"

namespace cmif::engine {

// Sentences to classify: f32 rows back to back, and the rows of each.
struct ClassifyBatch {
  std::vector<float> rows;
  std::vector<uint32_t> lengths;
};

// Gets labels logits a sentence, in order; called from the engine's thread.
using ClassifyDone = std::function<void(Result<std::vector<float>>)>;

struct ClassifyLoopOptions {
  uint32_t call_sentences = 16;       // sequences of the runner
  uint32_t call_rows = 512;           // beyond, calls get slower (engine.md 4)
  uint32_t batch_sentences = 64;      // of one ClassifyBatch
  uint32_t waiting_batches = 128;     // two of each stream of a server
  size_t waiting_bytes = 512U << 20;  // of all rows that wait
};

// Batches the sentences of all waiting requests into calls of llama.cpp, in
// turns: a long request does not keep a short one waiting for more than a call.
// Thread-safe. Whatever waits when it goes away gets UNAVAILABLE.
class ClassifyLoop {
 public:
  ClassifyLoop(std::unique_ptr<LlamaRunner> runner,
               const ClassifyLoopOptions& options);
  ~ClassifyLoop();
  ClassifyLoop(const ClassifyLoop&) = delete;
  ClassifyLoop& operator=(const ClassifyLoop&) = delete;

  // A batch under way; Cancel() makes its remaining sentences be skipped
  // (`done` then gets CANCELLED).
  class Ticket {
   public:
    void Cancel() { cancelled_ = true; }

   private:
    friend class ClassifyLoop;
    std::atomic<bool> cancelled_ = false;
  };

  // `done` is called once, unless this fails. INVALID_ARGUMENT: no or too many
  // sentences, an empty one, one longer than the model takes, lengths that do
  // not add up to the rows; RESOURCE_EXHAUSTED: too much waits.
  Result<std::shared_ptr<Ticket>> Add(ClassifyBatch batch, ClassifyDone done);

 private:
  struct Job {
    ClassifyBatch batch;
    ClassifyDone done;
    std::shared_ptr<Ticket> ticket;
    std::vector<float> logits;
    size_t next = 0;   // sentence
    size_t start = 0;  // its first value in rows
  };
  using JobPtr = std::shared_ptr<Job>;
  // One call: jobs[i] has the i-th sentence.
  struct Call {
    std::vector<JobPtr> jobs;
    std::vector<std::span<const float>> sentences;
  };

  void Run();
  Result<void> Check(const ClassifyBatch& batch) const;
  Call PickCall();
  void Compute(const Call& call);
  void ComputeApart(const Call& call);
  void Complete(std::unique_lock<std::mutex>& lock);

  const ClassifyLoopOptions options_;
  const std::unique_ptr<LlamaRunner> runner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<JobPtr> jobs_;
  size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: uses all above
};

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_CLASSIFY_LOOP_H_
