// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_LIVE_CALLS_H_
#define CMIF_SERVER_LIVE_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace cmif::server {

// A stream that gRPC still holds, as the service looks after it.
class LiveCall {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    std::chrono::milliseconds idle;   // for the client's next request
    std::chrono::milliseconds write;  // for the client to take what is sent
  };
  virtual ~LiveCall() = default;
  // Ends the call if it has waited for its client for too long.
  virtual void EndIfStuck(Clock::time_point now, const Limits& limits) = 0;
};

// The calls that gRPC holds. Thread-safe.
class LiveCalls {
 public:
  void Add(const std::shared_ptr<LiveCall>& call);
  // To be called when gRPC is done with the call.
  void Remove(const LiveCall* call);
  size_t size() const;
  void EndStuck(const LiveCall::Limits& limits);

  // From `at` on calls are cut off: Remove() counts them as late.
  void CutOffAt(LiveCall::Clock::time_point at);
  size_t late() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<const LiveCall*, std::weak_ptr<LiveCall>> calls_;
  std::optional<LiveCall::Clock::time_point> cut_off_;
  size_t late_ = 0;
};

// Breaks a call off from any thread, as long as gRPC has it. Finish() is not
// enough against a client that never reads: its status waits behind the data.
class CallBreaker {
 public:
  explicit CallBreaker(grpc::CallbackServerContext* context)
      : context_(context) {}
  void Break();
  // gRPC is done with the call.
  void Release();

 private:
  // Recursive: gRPC may run the call's last callback inside TryCancel().
  std::recursive_mutex mutex_;
  grpc::CallbackServerContext* context_;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_LIVE_CALLS_H_
