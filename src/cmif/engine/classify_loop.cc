// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/classify_loop.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace cmif::engine {
namespace {

bool AllFinite(std::span<const float> values) {
  for (const float value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

size_t Bytes(const ClassifyBatch& batch) {
  return batch.rows.size() * sizeof(float);
}

}  // namespace

ClassifyLoop::ClassifyLoop(std::unique_ptr<LlamaRunner> runner,
                           const ClassifyLoopOptions& options)
    : options_(options),
      runner_(std::move(runner)),
      thread_([this] { Run(); }) {}

ClassifyLoop::~ClassifyLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    runner_->Abort();
    changed_.notify_one();
  }
  thread_.join();
}

Result<void> ClassifyLoop::Check(const ClassifyBatch& batch) const {
  const size_t count = batch.lengths.size();
  if (count == 0 || count > options_.batch_sentences) {
    return InvalidArgument(
        fmt::format("a request holds {} sentences; it may hold 1 to {}", count,
                    options_.batch_sentences));
  }
  uint64_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t length = batch.lengths[i];
    if (length == 0) {
      return InvalidArgument(
          fmt::format("sentence {} of {} is empty", i, count));
    }
    if (length > runner_->sequence_tokens()) {
      return InvalidArgument(fmt::format(
          "sentence {} of {} has {} tokens, but the model takes {}; shorten it",
          i, count, length, runner_->sequence_tokens()));
    }
    total += length;
  }
  if (total * runner_->width() != batch.rows.size()) {
    return InvalidArgument(
        fmt::format("the lengths of the sentences add up to {} positions, but "
                    "there are {}",
                    total, batch.rows.size() / runner_->width()));
  }
  return {};
}

Result<std::shared_ptr<ClassifyLoop::Ticket>> ClassifyLoop::Add(
    ClassifyBatch batch, ClassifyDone done) {
  CMIF_TRY(Check(batch));
  auto job = std::make_shared<Job>();
  job->batch = std::move(batch);
  job->done = std::move(done);
  job->ticket = std::make_shared<Ticket>();
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("the engine is stopping");
  if (jobs_.size() >= options_.waiting_batches ||
      waiting_bytes_ + Bytes(job->batch) > options_.waiting_bytes) {
    return ResourceExhausted(
        fmt::format("{} requests wait already; try again later", jobs_.size()));
  }
  waiting_bytes_ += Bytes(job->batch);
  jobs_.push_back(job);
  changed_.notify_one();
  return job->ticket;
}

// Sentences from the front job, then the next, ...; the front job goes to the
// back, so that jobs take turns.
ClassifyLoop::Call ClassifyLoop::PickCall() {
  Call call;
  size_t rows = 0;
  const size_t width = runner_->width();
  for (const JobPtr& job : jobs_) {
    if (job->ticket->cancelled_) continue;
    while (job->next < job->batch.lengths.size()) {
      const uint32_t length = job->batch.lengths[job->next];
      const bool full = call.sentences.size() == options_.call_sentences ||
                        rows + length > options_.call_rows;
      if (full && !call.sentences.empty()) break;
      call.jobs.push_back(job);
      call.sentences.push_back(std::span<const float>(job->batch.rows)
                                   .subspan(job->start, length * width));
      job->start += length * width;
      ++job->next;
      rows += length;
    }
  }
  if (!jobs_.empty()) {
    jobs_.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  return call;
}

void ClassifyLoop::Compute(const Call& call) {
  const auto logits = runner_->Classify(call.sentences);
  if (!logits || !AllFinite(*logits)) return ComputeApart(call);
  const size_t labels = runner_->labels();
  for (size_t i = 0; i < call.jobs.size(); ++i) {
    const auto first = logits->begin() + static_cast<ptrdiff_t>(i * labels);
    auto& out = call.jobs[i]->logits;
    out.insert(out.end(), first, first + static_cast<ptrdiff_t>(labels));
  }
}

// One sentence's broken values can reach the others of its call (engine.md 1):
// each alone, and only those that fail again are marked.
void ClassifyLoop::ComputeApart(const Call& call) {
  for (size_t i = 0; i < call.jobs.size(); ++i) {
    const auto logits =
        runner_->Classify(std::span(call.sentences).subspan(i, 1));
    auto& out = call.jobs[i]->logits;
    if (logits) {
      out.insert(out.end(), logits->begin(), logits->end());
    } else {
      out.insert(out.end(), runner_->labels(),
                 std::numeric_limits<float>::quiet_NaN());
    }
  }
}

void ClassifyLoop::Complete(std::unique_lock<std::mutex>& lock) {
  std::vector<JobPtr> finished;
  std::erase_if(jobs_, [&](const JobPtr& job) {
    const bool over = job->next == job->batch.lengths.size() ||
                      job->ticket->cancelled_ || stopping_;
    if (over) {
      waiting_bytes_ -= Bytes(job->batch);
      finished.push_back(job);
    }
    return over;
  });
  if (finished.empty()) return;
  const bool stopping = stopping_;
  lock.unlock();
  for (const JobPtr& job : finished) {
    if (job->ticket->cancelled_) {
      job->done(cmif::Fail(Code::kCancelled, "the request was cancelled"));
    } else if (stopping) {
      job->done(Unavailable("the server stops"));
    } else if (!AllFinite(job->logits)) {
      job->done(Internal("the model gave values that are not finite"));
    } else {
      job->done(std::move(job->logits));
    }
  }
  lock.lock();
}

void ClassifyLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    const Call call = PickCall();
    if (!call.jobs.empty() && !stopping_) {
      lock.unlock();
      Compute(call);
      lock.lock();
    }
    Complete(lock);
  }
  Complete(lock);
}

}  // namespace cmif::engine
