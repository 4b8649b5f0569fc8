// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/generate_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cmif::engine {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// False for no values too: llama.cpp gave none where some were due.
bool AllFinite(std::span<const float> values) {
  bool finite = !values.empty();
  for (const float value : values) {
    finite &= std::fabs(value) <= std::numeric_limits<float>::max();
  }
  return finite;
}

}  // namespace

GenerateLoop::GenerateLoop(std::unique_ptr<LlamaRunner> runner,
                           const GenerateLoopOptions& options)
    : options_(options),
      runner_(std::move(runner)),
      hidden_states_(options.hidden_states),
      vocabulary_(options.hidden_states ? 0 : options.vocabulary),
      slots_(options.sessions),
      thread_([this] { Run(); }) {}

GenerateLoop::~GenerateLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    runner_->Abort();
    changed_.notify_one();
  }
  thread_.join();
}

Result<std::shared_ptr<Session>> GenerateLoop::Open(
    std::shared_ptr<GenerationEvents> events) {
  auto session = std::make_shared<Session>(*this, std::move(events));
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("the engine is stopping");
  const auto free = static_cast<size_t>(std::ranges::count_if(
      slots_, [](const Slot& slot) { return !slot.session && !slot.wipe; }));
  if (waiting_.size() >= options_.waiting_sessions + free) {
    return ResourceExhausted(
        fmt::format("all {} sessions are in use and {} more wait; try again "
                    "later",
                    options_.sessions, waiting_.size()));
  }
  waiting_.push_back(session);
  changed_.notify_one();
  return session;
}

GenerateLoop::Load GenerateLoop::load() const {
  const std::lock_guard lock(mutex_);
  Load load{.active = 0, .waiting = static_cast<uint32_t>(waiting_.size())};
  for (const Slot& slot : slots_) load.active += slot.session ? 1 : 0;
  return load;
}

void GenerateLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Housekeep(lock);
    if (stopping_) break;
    const Clock::time_point now = Clock::now();
    Step step = Pick(now);
    if (step.sessions.empty()) {
      Wait(lock, now);
      continue;
    }
    lock.unlock();
    Compute(step);
    lock.lock();
  }
  for (const Slot& slot : slots_) {
    if (slot.session) {
      Fail(*slot.session, {Code::kUnavailable, "the server stops"});
    }
  }
  for (const SessionPtr& session : waiting_) {
    Fail(*session, {Code::kUnavailable, "the server stops"});
  }
  Housekeep(lock);
}

void GenerateLoop::Compute(Step& step) {
  const Clock::time_point start = Clock::now();
  const Result<void> done = runner_->Decode(step.parts);
  const Clock::duration took = Clock::now() - start;
  if (!done) {
    const std::lock_guard lock(mutex_);
    // Whoever cancelled has ended already: this does not change it.
    for (const SessionPtr& session : step.sessions) {
      Fail(*session, stopping_ ? Status(Code::kUnavailable, "the server stops")
                               : done.error());
    }
    return;
  }
  Account(step, took);
  if (!step.hands_out) CheckChunk(*step.sessions[0]);
  for (size_t i = 0; i < step.sessions.size() && step.hands_out; ++i) {
    HandOut(step.sessions[i], i);
  }
  const auto window =
      std::min<Clock::duration>(took / 10, std::chrono::milliseconds(1));
  const std::lock_guard lock(mutex_);
  if (!step.prompt) gather_until_ = Clock::now() + window;
}

void GenerateLoop::Account(const Step& step, Clock::duration took) {
  const std::lock_guard lock(mutex_);
  const auto micros = duration_cast<microseconds>(took);
  for (size_t i = 0; i < step.sessions.size(); ++i) {
    Session& session = *step.sessions[i];
    session.position_ +=
        static_cast<uint32_t>(step.parts[i].rows.size() / runner_->width());
    auto& summary = session.summary_;
    (step.prompt ? summary.prompt_time : summary.decode_time) += micros;
    // The whole prompt is in the cache: its rows are not needed again.
    if (step.prompt && step.hands_out) session.prompt_ = {};
  }
}

void GenerateLoop::CheckChunk(Session& session) {
  // The last row has attended to all before it.
  const bool finite =
      AllFinite(hidden_states_ ? runner_->HiddenState(0) : runner_->Logits(0));
  if (finite) return;
  const std::lock_guard lock(mutex_);
  session.not_finite_ = true;
  Fail(session, {Code::kInternal, "the model gave values that are not finite"});
}

void GenerateLoop::HandOut(const SessionPtr& session, size_t part) {
  if (hidden_states_) return HandOutState(session, part);
  HandOutToken(session, part);
}

void GenerateLoop::HandOutToken(const SessionPtr& session, size_t part) {
  // sampler_ was set before the prompt was finished and is not touched since.
  const Result<uint32_t> token =
      session->sampler_->Sample(runner_->Logits(part));
  std::unique_lock lock(mutex_);
  // Also for a session that ended meanwhile: its cache goes to others.
  session->not_finite_ |= !token;
  if (session->phase_ == Session::Phase::kEnded) return;
  if (!token) {
    return Fail(*session, token.error());
  }
  if (session->stop_tokens_.contains(*token)) {
    return Finish(*session, EndReason::kStopToken);
  }
  const bool wants_row = TakeToken(*session, *token);
  lock.unlock();
  session->events_->OnToken(*token, wants_row);
}

bool GenerateLoop::TakeToken(Session& session, uint32_t token) {
  session.last_token_ = token;
  session.active_ = Clock::now();
  if (++session.summary_.tokens >= session.max_tokens_) {
    Finish(session, EndReason::kMaxTokens);
    return false;
  }
  if (session.position_ >= runner_->sequence_tokens()) {
    Finish(session, EndReason::kContextFull);
    return false;
  }
  if (const auto known = session.known_rows_.find(token);
      known != session.known_rows_.end()) {
    session.next_row_ = known->second;
    session.phase_ = Session::Phase::kReady;
    return false;
  }
  if (session.rows_closed_) {
    Finish(session, EndReason::kClosed);
    return false;
  }
  session.phase_ = Session::Phase::kWantsRow;
  session.fresh_ = true;
  return true;
}

void GenerateLoop::HandOutState(const SessionPtr& session, size_t part) {
  const std::span<const float> state = runner_->HiddenState(part);
  std::unique_lock lock(mutex_);
  const bool finite = AllFinite(state);
  session->not_finite_ |= !finite;
  if (session->phase_ == Session::Phase::kEnded) return;
  if (!finite) {
    return Fail(*session,
                {Code::kInternal, "the model gave values that are not finite"});
  }
  TakeToken(*session, 0);
  lock.unlock();
  session->events_->OnHiddenState(state);
}

void GenerateLoop::Finish(Session& session, EndReason reason) {
  if (session.phase_ == Session::Phase::kEnded) return;
  session.phase_ = Session::Phase::kEnded;
  session.summary_.reason = reason;
  session.end_ = session.summary_;
}

void GenerateLoop::Fail(Session& session, Status status) {
  if (session.phase_ == Session::Phase::kEnded) return;
  session.phase_ = Session::Phase::kEnded;
  session.end_ = std::unexpected(std::move(status));
}

}  // namespace cmif::engine
