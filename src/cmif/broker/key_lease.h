// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_KEY_LEASE_H_
#define CMIF_BROKER_KEY_LEASE_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "cmif/base/status.h"
#include "cmif/broker/key_client.h"

namespace cmif::broker {

// Time since the machine started, its sleep included (CLOCK_BOOTTIME): nobody
// but the kernel sets it. In an ordinary VM that is the host's to give, too.
std::chrono::nanoseconds BootTime();

struct LeaseOptions {
  std::function<std::chrono::nanoseconds()> clock = BootTime;
  // Called once, from another thread, when the lease ended; then what the key
  // opened must be closed.
  std::function<void(const Status&)> on_end = {};
  // Without it nothing happens by itself: whoever has it calls Step().
  bool own_thread = true;
};

// A bundle's key for as long as its broker says. The time that the broker
// signed (exp - iat, and the lease's seconds) runs from the moment that the
// first request went out, so that no clock but BootTime() matters. At half of
// it the lease is renewed, with fresh evidence; a network that fails is tried
// again with longer pauses until the time is over. A refusal ends the lease at
// once. Thread-safe.
class KeyLease {
 public:
  // KeyClient::Fetch()'s errors.
  static Result<std::unique_ptr<KeyLease>> Open(
      std::unique_ptr<KeyClient> client, LeaseOptions options = {});
  ~KeyLease();
  KeyLease(const KeyLease&) = delete;
  KeyLease& operator=(const KeyLease&) = delete;

  // The key, once: it is wiped when whoever took it lets go, and at the end of
  // the lease if nobody took it. Null afterwards.
  std::shared_ptr<const crypto::SealKey> TakeKey();
  // Of the first token.
  const TokenClaims& claims() const { return claims_; }
  // PERMISSION_DENIED with the reason once the lease has ended.
  Result<void> Check();

  // Does what is due; how long nothing will be.
  std::chrono::nanoseconds Step();

 private:
  KeyLease(std::unique_ptr<KeyClient> client, LeaseOptions options,
           ReleasedKey released, std::chrono::nanoseconds started);
  void Run(const TokenClaims& claims, std::chrono::nanoseconds started);
  void End(Status why);
  void RenewLocked(std::unique_lock<std::mutex>& lock);
  void Tell();
  // Until the time is over; whether there is more to do then.
  bool Rest(std::chrono::nanoseconds time);
  void Loop();
  void Watch();

  const std::unique_ptr<KeyClient> client_;
  const LeaseOptions options_;
  const TokenClaims claims_;

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const crypto::SealKey> key_;
  std::chrono::nanoseconds ends_at_{};
  std::chrono::nanoseconds renew_at_{};
  std::chrono::nanoseconds pause_{};  // after the next failure
  std::optional<Status> ended_;
  std::optional<Status> last_failure_;
  bool told_ = false;
  bool stops_ = false;
  std::condition_variable wake_;
  std::thread thread_;  // renews
  std::thread watch_;   // ends
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_KEY_LEASE_H_
