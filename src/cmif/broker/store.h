// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_STORE_H_
#define CMIF_BROKER_STORE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/release_log.h"
#include "cmif/crypto/sha256.h"

namespace cmif::broker {

// Whom a lease is for.
struct LeaseHolder {
  std::string rule;
  // In hex; the first one is whose the lease is, any of them can be revoked.
  // Empty: masked.
  std::vector<std::string> platform_ids;
  std::string platform;  // "snp", ...
};

struct LeaseTerms {
  uint64_t seconds = 0;
  uint64_t rate_per_hour = 0;   // new leases of one rule and platform
  uint64_t policy_version = 0;  // that allows it; 0: none was adopted
};

// What must not go back, as "crl Intel SGX Root CA" -> seconds since 1970. Zero
// says: there is none now, so there must never have been one.
using Floors = std::map<std::string, uint64_t>;

// What a key broker must not forget: the newest policy, leases, revocations,
// the age of collateral, and its log; in one SQLite file below a folder. Every
// call that changes it is on the disk, together with its log entry, when it
// returns, or has changed nothing. Several processes may use one folder.
// Thread- safe. Times are seconds since 1970. Any call can fail with
// UNAVAILABLE (another process holds it, or the clock went back),
// RESOURCE_EXHAUSTED (the disk), DATA_LOSS (the file is broken) and
// PERMISSION_DENIED.
class Store {
 public:
  static constexpr uint64_t kMaxRead = 1000;  // entries of one ReadLog()

  // Makes folder and file where they are missing, for the owner alone.
  // PERMISSION_DENIED.
  static Result<std::unique_ptr<Store>> Open(
      const std::filesystem::path& folder);
  // NOT_FOUND where there is none.
  static Result<std::unique_ptr<Store>> OpenExisting(
      const std::filesystem::path& folder);
  ~Store();

  // FAILED_PRECONDITION: a policy with a higher version, or another one with
  // this version, was in force before; or one for simulated platforms where
  // this one is for real ones, or the reverse.
  Result<void> AdoptPolicy(uint64_t version, const crypto::Digest& sha256,
                           bool simulated, int64_t now);

  // What allows something must be the newest policy of all processes: else
  // UNAUTHENTICATED.
  // The id of a new lease. RESOURCE_EXHAUSTED: the rate.
  Result<std::string> IssueLease(const LeaseHolder& holder,
                                 const LeaseTerms& terms, int64_t now);
  // The same lease for longer. PERMISSION_DENIED: it is not there, over,
  // revoked, or somebody else's; RESOURCE_EXHAUSTED: less than a quarter of it
  // is over.
  Result<void> RenewLease(const std::string& id, const LeaseHolder& holder,
                          const LeaseTerms& terms, int64_t now);
  // Whose it is, while it lives. PERMISSION_DENIED: as before.
  Result<LeaseHolder> FindLease(const std::string& id, int64_t now) const;
  // Notes that a key goes out. PERMISSION_DENIED: as before.
  Result<void> NoteRelease(const std::string& lease, const Resource& resource,
                           const crypto::Digest& evidence_sha256,
                           uint64_t policy_version, int64_t now);

  // Of a lease or of a platform (hex). ALREADY_EXISTS.
  Result<void> RevokeLease(const std::string& id, int64_t now);
  Result<void> RevokePlatform(const std::string& id, int64_t now);
  Result<bool> IsPlatformRevoked(const std::string& id) const;

  // FAILED_PRECONDITION naming what went back; else what is newer is kept.
  Result<void> RaiseFloors(const Floors& floors);

  // The hash of the last entry; zeros for none.
  Result<crypto::Digest> LogHead() const;
  // At most kMaxRead entries from number `first` on.
  Result<std::vector<LogEntry>> ReadLog(uint64_t first) const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads the whole log and checks it. The number of entries. DATA_LOSS: changed;
// or where `head` is given, no entry has this hash: entries after the moment
// that it was seen are fine, but it must be among them.
Result<uint64_t> VerifyWholeLog(const Store& store,
                                const crypto::Digest* head = nullptr);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_STORE_H_
