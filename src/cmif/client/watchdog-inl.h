// SPDX-License-Identifier: Apache-2.0
// For streams of a server that goes silent: classifier.cc and generator.cc.
#ifndef CMIF_CLIENT_WATCHDOG_INL_H_
#define CMIF_CLIENT_WATCHDOG_INL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "cmif/base/status.h"

namespace cmif::client {

// A stream whose message could not be read stays open; its status may never
// come.
constexpr std::chrono::seconds kStatusLimit{1};

// The status of a stream that breaks; it comes behind what the server had sent
// before.
template <typename Request, typename Reply>
grpc::Status EndOf(grpc::ClientReaderWriter<Request, Reply>& stream) {
  Reply unread;
  while (stream.Read(&unread)) {
  }
  return stream.Finish();
}

inline std::unexpected<Status> Unreadable() {
  return Internal("the server sent a message that cannot be read");
}

// Cancels a call that waits for longer than the limit between Arm() and
// Disarm(). A thread of its own, since reads of a stream have no deadline; it
// looks once a second, so that an answer in time wakes nobody.
class Watchdog {
 public:
  explicit Watchdog(grpc::ClientContext& context)
      : context_(context), thread_([this] { Watch(); }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void Arm(std::chrono::seconds limit) {
    const std::lock_guard lock(mutex_);
    deadline_ = std::chrono::steady_clock::now() + limit;
  }
  void Disarm() {
    const std::lock_guard lock(mutex_);
    deadline_.reset();
  }
  bool fired() {
    const std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  void Watch() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::seconds(1),
                              [this] { return ends_; })) {
      if (!deadline_ || std::chrono::steady_clock::now() < *deadline_) continue;
      fired_ = true;
      deadline_.reset();
      context_.TryCancel();
    }
  }

  grpc::ClientContext& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  bool ends_ = false;
  bool fired_ = false;
  std::thread thread_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_WATCHDOG_INL_H_
