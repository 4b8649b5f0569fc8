// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/live_calls.h"

#include <vector>

namespace cmif::server {

void LiveCalls::Add(const std::shared_ptr<LiveCall>& call) {
  const std::lock_guard lock(mutex_);
  calls_.emplace(call.get(), call);
}

void LiveCalls::Remove(const LiveCall* call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
  if (cut_off_ && LiveCall::Clock::now() >= *cut_off_) ++late_;
}

size_t LiveCalls::size() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

void LiveCalls::EndStuck(const LiveCall::Limits& limits) {
  std::vector<std::shared_ptr<LiveCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, call] : calls_) {
      if (auto alive = call.lock()) calls.push_back(std::move(alive));
    }
  }
  const auto now = LiveCall::Clock::now();
  for (const auto& call : calls) call->EndIfStuck(now, limits);
}

void LiveCalls::CutOffAt(LiveCall::Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  cut_off_ = at;
}

size_t LiveCalls::late() const {
  const std::lock_guard lock(mutex_);
  return late_;
}

void CallBreaker::Break() {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void CallBreaker::Release() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

}  // namespace cmif::server
