// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/key_lease.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace cmif::broker {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr nanoseconds kFirstPause = seconds(1);
constexpr nanoseconds kLongestPause = seconds(60);
// The thread looks so often even if nothing is due: a machine that slept must
// not go on with a key that is over.
constexpr nanoseconds kTick = seconds(1);

}  // namespace

nanoseconds BootTime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

Result<std::unique_ptr<KeyLease>> KeyLease::Open(
    std::unique_ptr<KeyClient> client, LeaseOptions options) {
  const nanoseconds started = options.clock();
  CMIF_ASSIGN(ReleasedKey released, client->Fetch());
  std::unique_ptr<KeyLease> lease(new KeyLease(
      std::move(client), std::move(options), std::move(released), started));
  CMIF_TRY(lease->Check());
  if (lease->options_.own_thread) {
    lease->thread_ = std::thread([it = lease.get()] { it->Loop(); });
    lease->watch_ = std::thread([it = lease.get()] { it->Watch(); });
  }
  return lease;
}

KeyLease::KeyLease(std::unique_ptr<KeyClient> client, LeaseOptions options,
                   ReleasedKey released, nanoseconds started)
    : client_(std::move(client)),
      options_(std::move(options)),
      claims_(std::move(released.claims)),
      key_(std::make_shared<const crypto::SealKey>(std::move(released.key))) {
  Run(claims_, started);
}

KeyLease::~KeyLease() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (watch_.joinable()) watch_.join();
}

std::shared_ptr<const crypto::SealKey> KeyLease::TakeKey() {
  const std::lock_guard lock(mutex_);
  return std::exchange(key_, nullptr);
}

// Times of a token that was asked for at `started`.
void KeyLease::Run(const TokenClaims& claims, nanoseconds started) {
  const auto signed_seconds =
      static_cast<uint64_t>(claims.expires_at - claims.issued_at);
  const nanoseconds lasts =
      seconds(std::min(signed_seconds, claims.lease.seconds));
  ends_at_ = started + lasts;
  renew_at_ = started + lasts / 2;
  pause_ = kFirstPause;
  last_failure_.reset();
}

Result<void> KeyLease::Check() {
  const std::lock_guard lock(mutex_);
  if (!ended_ && options_.clock() >= ends_at_) {
    End({Code::kPermissionDenied,
         last_failure_ ? "the lease of the bundle's key is over and could not "
                         "be renewed: " +
                             last_failure_->message()
                       : "the lease of the bundle's key is over"});
  }
  if (ended_) return std::unexpected(*ended_);
  return {};
}

void KeyLease::End(Status why) {
  ended_ = std::move(why);
  key_ = nullptr;
}

nanoseconds KeyLease::Step() {
  const bool live = Check().has_value();
  std::unique_lock lock(mutex_);
  if (live && !ended_ && options_.clock() >= renew_at_) RenewLocked(lock);
  if (!ended_) {
    return std::max(std::min(renew_at_, ends_at_) - options_.clock(),
                    nanoseconds(0));
  }
  lock.unlock();
  Tell();
  return nanoseconds::max();
}

// Calls on_end if the lease is over and nobody did.
void KeyLease::Tell() {
  const auto live = Check();
  if (live) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(told_, true) || !options_.on_end) return;
  }
  options_.on_end(live.error());
}

void KeyLease::RenewLocked(std::unique_lock<std::mutex>& lock) {
  const nanoseconds started = options_.clock();
  lock.unlock();  // the network may take long
  const auto renewed = client_->Renew(claims_.lease.id);
  lock.lock();
  if (ended_) return;
  if (renewed) {
    Run(*renewed, started);
  } else if (MayRetry(renewed.error()) ||
             // The broker started anew, or the nonce grew too old.
             renewed.error().code() == Code::kUnauthenticated) {
    last_failure_ = renewed.error();
    renew_at_ = options_.clock() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
  } else {
    End({Code::kPermissionDenied,
         "the lease of the bundle's key was not renewed: " +
             renewed.error().message()});
  }
}

bool KeyLease::Rest(nanoseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stops_ || told_; });
}

void KeyLease::Loop() {
  while (Rest(std::min(Step(), kTick))) {
  }
}

// A renewal waits for the network and for the machine's evidence, and its host
// may let it wait for ever: the end must not.
void KeyLease::Watch() {
  do {
    Tell();
  } while (Rest(kTick));
}

}  // namespace cmif::broker
