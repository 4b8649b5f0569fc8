// SPDX-License-Identifier: Apache-2.0
// What the engine's thread does next.
#include <algorithm>
#include <utility>

#include "cmif/engine/generate_loop.h"

namespace cmif::engine {

// Chunks are full batches (the same shape as plain llama.cpp's) except for the
// last one, whenever the session is alone.
bool GenerateLoop::HasChunk(const Session& session) const {
  if (session.phase_ != Session::Phase::kPrompt) return false;
  const size_t left = session.prompt_rows() - session.prompt_taken_;
  // A prompt that may go on keeps at least one row back: the last chunk must be
  // the one that wants an output.
  return left > runner_->batch_rows() || (session.prompt_done_ && left > 0);
}

bool GenerateLoop::MustGather(Clock::time_point now) const {
  if (now >= gather_until_) return false;
  return std::ranges::any_of(slots_, [](const Slot& slot) {
    return slot.session && slot.session->phase_ == Session::Phase::kWantsRow &&
           slot.session->fresh_;
  });
}

GenerateLoop::Step GenerateLoop::Pick(Clock::time_point now) {
  bool generating = false;
  bool ready = false;
  bool prompt = false;
  for (const Slot& slot : slots_) {
    if (!slot.session) continue;
    const Session::Phase phase = slot.session->phase_;
    ready |= phase == Session::Phase::kReady;
    generating |=
        phase == Session::Phase::kReady || phase == Session::Phase::kWantsRow;
    prompt |= HasChunk(*slot.session);
  }
  if (prompt && (prompt_turn_ || !ready)) {
    prompt_turn_ = false;
    return PickPrompt(generating);
  }
  if (!ready || MustGather(now)) return {};
  prompt_turn_ = true;
  return PickDecode();
}

GenerateLoop::Step GenerateLoop::PickDecode() {
  Step step;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const SessionPtr& session = slots_[i].session;
    if (!session) continue;
    session->fresh_ = false;
    if (session->phase_ != Session::Phase::kReady) continue;
    if (step.sessions.size() == runner_->batch_rows()) break;
    session->phase_ = Session::Phase::kComputing;
    step.sessions.push_back(session);
    step.rows.push_back(std::move(session->next_row_));
    step.parts.push_back(
        {.sequence = static_cast<int>(i),
         .first_position = static_cast<int32_t>(session->position_),
         .rows = step.rows.back()});
  }
  return step;
}

GenerateLoop::Step GenerateLoop::PickPrompt(bool others_generate) {
  const size_t count = slots_.size();
  size_t slot = next_prompt_slot_;
  while (!slots_[slot % count].session ||
         !HasChunk(*slots_[slot % count].session)) {
    ++slot;
  }
  slot %= count;
  next_prompt_slot_ = (slot + 1) % count;
  const SessionPtr& session = slots_[slot].session;
  const size_t left = session->prompt_rows() - session->prompt_taken_;
  const size_t limit = others_generate ? std::min(options_.mixed_chunk_rows,
                                                  runner_->batch_rows())
                                       : runner_->batch_rows();
  const size_t rows = std::min(left, limit);
  const size_t width = runner_->width();
  const auto* first = session->prompt_.data() + session->prompt_taken_ * width;
  session->prompt_taken_ += rows;

  Step step{.prompt = true,
            .hands_out = session->prompt_done_ && rows == left,
            .sessions = {session},
            .rows = {},
            .parts = {}};
  step.rows.emplace_back(first, first + rows * width);
  step.parts.push_back(
      {.sequence = static_cast<int>(slot),
       .first_position = static_cast<int32_t>(session->position_),
       .rows = step.rows.back()});
  return step;
}

void GenerateLoop::Wait(std::unique_lock<std::mutex>& lock,
                        Clock::time_point now) {
  if (now < gather_until_ && MustGather(now)) {
    changed_.wait_until(lock, gather_until_);
    return;
  }
  const bool idle =
      waiting_.empty() && std::ranges::none_of(slots_, [](const Slot& slot) {
        return slot.session != nullptr;
      });
  if (idle) {
    changed_.wait(lock);
  } else {
    changed_.wait_for(lock, std::chrono::milliseconds(200));
  }
}

void GenerateLoop::Expire(Clock::time_point now) {
  const auto limit = waiting_.empty() ? options_.idle_timeout
                                      : std::min(options_.idle_timeout,
                                                 options_.crowded_idle_timeout);
  for (const Slot& slot : slots_) {
    if (!slot.session) continue;
    Session& session = *slot.session;
    const bool owners_turn =
        session.phase_ == Session::Phase::kWantsRow ||
        (session.phase_ == Session::Phase::kPrompt && !session.prompt_done_);
    if (owners_turn && now - session.active_ > limit) {
      Fail(session, {Code::kDeadlineExceeded,
                     "the client sent nothing for too long while the session "
                     "waited for it"});
    }
  }
}

void GenerateLoop::ReleaseEnded(std::vector<SessionPtr>& ended) {
  bool used = false;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.session && slot.session->phase_ == Session::Phase::kEnded) {
      slot.wipe |= slot.session->not_finite_;
      runner_->ClearSequence(static_cast<int>(i));
      slot.session->prompt_ = {};
      slot.session->next_row_ = {};
      slot.session->known_rows_ = {};
      ended.push_back(std::move(slot.session));
      slot.session = nullptr;
    }
    used |= slot.session != nullptr;
  }
  std::erase_if(waiting_, [&](const SessionPtr& session) {
    if (session->phase_ != Session::Phase::kEnded) return false;
    ended.push_back(session);
    return true;
  });
  // A cache that held values that are not finite stays out of use until it can
  // be overwritten, which llama.cpp does for all sequences at once.
  const auto wipe = [](const Slot& slot) { return slot.wipe; };
  if (!used && std::ranges::any_of(slots_, wipe)) {
    runner_->WipeAll();
    for (Slot& slot : slots_) slot.wipe = false;
  }
}

void GenerateLoop::AdmitWaiting(std::vector<SessionPtr>& admitted) {
  for (size_t i = 0; i < slots_.size() && !waiting_.empty(); ++i) {
    if (slots_[i].session || slots_[i].wipe) continue;
    SessionPtr session = std::move(waiting_.front());
    waiting_.pop_front();
    session->slot_ = static_cast<int>(i);
    session->phase_ = Session::Phase::kPrompt;
    session->active_ = Clock::now();
    slots_[i].session = session;
    admitted.push_back(std::move(session));
  }
}

void GenerateLoop::Housekeep(std::unique_lock<std::mutex>& lock) {
  Expire(Clock::now());
  // Again until nothing is left: more may come while the lock is released.
  while (true) {
    std::vector<SessionPtr> ended;
    std::vector<SessionPtr> admitted;
    ReleaseEnded(ended);
    if (!stopping_) AdmitWaiting(admitted);
    if (ended.empty() && admitted.empty()) return;
    lock.unlock();
    for (const SessionPtr& session : ended) {
      auto end = std::exchange(session->end_, std::nullopt);
      if (end) session->events_->OnEnd(*std::move(end));
      session->events_.reset();
    }
    for (const SessionPtr& session : admitted) session->events_->OnAdmitted();
    lock.lock();
  }
}

}  // namespace cmif::engine
