// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_GENERATION_H_
#define CMIF_ENGINE_GENERATION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/model/token_sampler.h"

namespace cmif::engine {

class GenerateLoop;

// How a session draws its tokens.
struct GenerationOptions {
  float temperature = 0;    // [0, 100]; below 0.001: greedy
  float top_p = 1;          // [0, 1]; 0 means 1
  uint64_t seed = 0;        // of the draw
  uint32_t max_tokens = 1;  // >= 1
  // Generation ends before one of these; at most 256, inside the vocabulary.
  // Must be empty where hidden states go out.
  std::vector<uint32_t> stop_tokens{};
};

enum class EndReason {
  kStopToken,    // a stop token was drawn (not handed out)
  kMaxTokens,    // options.max_tokens are out
  kContextFull,  // no position is left for another row
  kClosed,       // a row is needed, but CloseRows() was called
};

struct GenerationSummary {
  EndReason reason = EndReason::kClosed;
  uint32_t prompt_tokens = 0;
  uint32_t tokens = 0;  // handed out
  // Time of the engine's calls that held this session's rows. Decode steps
  // hold those of all generating sessions.
  std::chrono::microseconds prompt_time{0};
  std::chrono::microseconds decode_time{0};
};

// What a session tells its owner. Called from the engine's thread: must return
// soon and may call the session's functions.
class GenerationEvents {
 public:
  virtual ~GenerationEvents() = default;
  // The session has its place; its prompt may come now.
  virtual void OnAdmitted() = 0;
  // `wants_row`: generation waits for AddRow() with the row of this token.
  virtual void OnToken(uint32_t token, bool wants_row) = 0;
  // Partition embedding+head: always waits for AddRow(), unless OnEnd follows.
  virtual void OnHiddenState(std::span<const float> state) = 0;
  // Exactly once, the last call. CANCELLED after Cancel(); DEADLINE_EXCEEDED
  // when the owner sent nothing for too long; INTERNAL when the model failed;
  // UNAVAILABLE when the engine stops.
  virtual void OnEnd(Result<GenerationSummary> summary) = 0;
};

// One generation, from Engine::Open(). Order of calls: Begin, AddPrompt one or
// more times, FinishPrompt, AddRow once for each row that is wanted. Rows are
// f32, width values each, and must be finite. Thread-safe; must not be used
// after the engine is gone. Calls out of order return FAILED_PRECONDITION,
// calls after the end ABORTED; both do nothing.
class Session {
 public:
  explicit Session(GenerateLoop& loop, std::shared_ptr<GenerationEvents> events)
      : loop_(loop), events_(std::move(events)) {}

  // INVALID_ARGUMENT for options out of range.
  Result<void> Begin(GenerationOptions options);
  // The prompt's next rows. INVALID_ARGUMENT: not whole rows, or the prompt
  // is longer than the context (the message names both numbers).
  Result<void> AddPrompt(std::vector<float> rows);
  // INVALID_ARGUMENT for an empty prompt.
  Result<void> FinishPrompt();
  // The row of the token that wanted one; FAILED_PRECONDITION when none does.
  // INVALID_ARGUMENT when it is not exactly one row.
  Result<void> AddRow(std::vector<float> row);
  // No rows will come any more: generation goes on as long as it needs none.
  // INVALID_ARGUMENT before FinishPrompt().
  Result<void> CloseRows();
  // Ends within one step; OnEnd(CANCELLED) follows.
  void Cancel();

 private:
  friend class GenerateLoop;
  enum class Phase {
    kWaiting,    // for a place
    kPrompt,     // being sent or computed
    kReady,      // next_row_ waits for a decode step
    kComputing,  // in a decode step
    kWantsRow,   // the owner's turn
    kEnded,
  };

  Result<void> CheckPhase(Phase phase, const char* what) const;
  uint32_t width() const;
  size_t prompt_rows() const { return prompt_.size() / width(); }

  GenerateLoop& loop_;
  // Of the engine's thread alone; let go after OnEnd, since the owner of the
  // events usually owns the session too.
  std::shared_ptr<GenerationEvents> events_;

  // All below: guarded by the loop's mutex, except that sampler_ is used by
  // the engine's thread alone once the prompt is finished.
  Phase phase_ = Phase::kWaiting;
  int slot_ = -1;                                 // its sequence id
  std::unique_ptr<model::TokenSampler> sampler_;  // set by Begin()
  uint32_t max_tokens_ = 0;
  std::unordered_set<uint32_t> stop_tokens_;

  std::vector<float> prompt_;
  size_t prompt_taken_ = 0;  // rows
  bool prompt_done_ = false;
  uint32_t position_ = 0;  // rows in the cache

  uint32_t last_token_ = 0;
  std::vector<float> next_row_;
  std::unordered_map<uint32_t, std::vector<float>> known_rows_;
  bool rows_closed_ = false;
  bool fresh_ = false;  // asked for a row after the last step
  bool not_finite_ = false;
  std::chrono::steady_clock::time_point active_;
  GenerationSummary summary_;
  std::optional<Result<GenerationSummary>> end_;
};

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_GENERATION_H_
