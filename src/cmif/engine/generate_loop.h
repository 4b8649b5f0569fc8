// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_GENERATE_LOOP_H_
#define CMIF_ENGINE_GENERATE_LOOP_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/engine/generation.h"
#include "cmif/engine/llama_runner.h"

namespace cmif::engine {

struct GenerateLoopOptions {
  uint32_t sessions = 8;           // sequences of the runner
  uint32_t waiting_sessions = 32;  // beyond: RESOURCE_EXHAUSTED
  // Rows of a prompt chunk while other sessions generate: what they wait for.
  // Measured (SmolLM2 Q4_1, 2 cores): chunks of 32, 64, 128 make the prompt
  // 21, 9 and 4 % slower than 512; a chunk of 64 is as long as 20 decode steps.
  uint32_t mixed_chunk_rows = 64;
  uint32_t vocabulary = 0;  // of the body's head; 0 with hidden states
  bool hidden_states = false;
  // A session whose owner sends nothing for this long, when it is the owner's
  // turn, ends with DEADLINE_EXCEEDED: it would keep its place for ever.
  std::chrono::milliseconds idle_timeout{60'000};
  // The same while others wait for a place.
  std::chrono::milliseconds crowded_idle_timeout{30'000};
};

// Continuous batching of all sessions on one thread.
//
// Each round is one call of llama.cpp: either one decode step of all sessions
// that have a row ready, or one chunk of one session's prompt; when both wait
// they alternate. They are not put into one call: llama.cpp would run them as
// several graphs all the same (engine.md 5; measured: no gain). Sequence ids
// are handed out lowest first and batches are ordered by them, so that a decode
// step is few graphs (four sequences with gaps between them: 41 ms instead of
// 26).
//
// After a step most sessions ask their owners for a row; the answers come some
// 100 us apart. The next step waits for them for a tenth of the last step's
// time, at most 1 ms: one slow owner costs the others no more than that.
//
// Thread-safe. Ends all sessions with UNAVAILABLE when it goes away.
class GenerateLoop {
 public:
  GenerateLoop(std::unique_ptr<LlamaRunner> runner,
               const GenerateLoopOptions& options);
  ~GenerateLoop();
  GenerateLoop(const GenerateLoop&) = delete;
  GenerateLoop& operator=(const GenerateLoop&) = delete;

  // A session that waits for a place. RESOURCE_EXHAUSTED: too many wait.
  Result<std::shared_ptr<Session>> Open(
      std::shared_ptr<GenerationEvents> events);

  struct Load {
    uint32_t active = 0;
    uint32_t waiting = 0;
  };
  Load load() const;

 private:
  friend class Session;
  using Clock = std::chrono::steady_clock;
  using SessionPtr = std::shared_ptr<Session>;

  // One call of llama.cpp.
  struct Step {
    bool prompt = false;
    bool hands_out = true;  // false: a chunk with more of its prompt to come
    std::vector<SessionPtr> sessions;
    std::vector<std::vector<float>> rows;
    std::vector<SequencePart> parts;
  };
  struct Slot {
    SessionPtr session;  // null: free
    bool wipe = false;   // holds values that are not finite
  };

  void Run();
  // generate_pick.cc, all with the mutex held:
  bool HasChunk(const Session& session) const;
  bool MustGather(Clock::time_point now) const;
  Step Pick(Clock::time_point now);
  Step PickDecode();
  Step PickPrompt(bool others_generate);
  void Wait(std::unique_lock<std::mutex>& lock, Clock::time_point now);
  void Expire(Clock::time_point now);
  void ReleaseEnded(std::vector<SessionPtr>& ended);
  void AdmitWaiting(std::vector<SessionPtr>& admitted);
  void Housekeep(std::unique_lock<std::mutex>& lock);

  void Compute(Step& step);
  void Account(const Step& step, Clock::duration took);
  // Of a chunk with more to come: is what it left in the cache finite?
  void CheckChunk(Session& session);
  void HandOut(const SessionPtr& session, size_t part);
  void HandOutToken(const SessionPtr& session, size_t part);
  void HandOutState(const SessionPtr& session, size_t part);
  // Takes a token into the session's state; true when its row is wanted.
  bool TakeToken(Session& session, uint32_t token);
  void Finish(Session& session, EndReason reason);
  void Fail(Session& session, Status status);

  const GenerateLoopOptions options_;
  const std::unique_ptr<LlamaRunner> runner_;
  const bool hidden_states_;
  const uint32_t vocabulary_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SessionPtr> waiting_;
  std::vector<Slot> slots_;  // index: sequence id
  bool prompt_turn_ = true;
  size_t next_prompt_slot_ = 0;
  Clock::time_point gather_until_;
  bool stopping_ = false;
  std::thread thread_;  // last: uses all above
};

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_GENERATE_LOOP_H_
