// SPDX-License-Identifier: Apache-2.0
// Store: leases, what is released under them, and what is revoked.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <sstream>

#include "cmif/base/random.h"
#include "cmif/broker/store-inl.h"

namespace cmif::broker {
namespace {

using nlohmann::json;

constexpr int64_t kHour = 3600;
constexpr int64_t kMinRenewalPart = 4;  // a quarter

std::string NewId() {
  OsRandom random;
  std::array<uint8_t, 16> id{};
  FillRandom(random, id);
  return crypto::ToHex(id);
}

struct FoundLease {
  LeaseHolder holder;
  int64_t expires = 0;
};

std::string FirstOf(const std::vector<std::string>& ids) {
  return ids.empty() ? std::string() : ids[0];
}

std::vector<std::string> Split(const std::string& ids) {
  std::vector<std::string> all;
  std::istringstream list(ids);
  for (std::string id; std::getline(list, id, ',');) all.push_back(id);
  return all;
}

Result<void> CheckPlatform(sqlite3* database, const LeaseHolder& holder) {
  for (const std::string& id : holder.platform_ids) {
    CMIF_ASSIGN(const bool revoked, IsRevoked(database, "platform", id));
    if (revoked) return PermissionDenied("the platform is revoked");
  }
  return {};
}

// What must hold for anything to be allowed.
Result<void> CheckState(sqlite3* database, uint64_t version, int64_t now) {
  CMIF_TRY(CheckClock(database, now));
  Statement newest(database, "SELECT COALESCE(MAX(version), 0) FROM policies");
  CMIF_TRY(newest.Step());
  if (static_cast<uint64_t>(newest.Number(0)) == version) return {};
  return Fail(Code::kUnauthenticated,
              "another release policy is in force by now: attest again");
}

// PERMISSION_DENIED: not there, over, or revoked.
Result<FoundLease> LiveLease(sqlite3* database, const std::string& id,
                             int64_t now) {
  Statement row(database,
                "SELECT rule, platform_ids, expires FROM leases WHERE id=?",
                std::string_view(id));
  CMIF_ASSIGN(const bool found, row.Step());
  if (!found) return PermissionDenied("there is no such lease");
  FoundLease lease{{row.Text(0), Split(row.Text(1)), {}}, row.Number(2)};
  CMIF_ASSIGN(const bool revoked, IsRevoked(database, "lease", id));
  if (revoked) return PermissionDenied("the lease is revoked");
  CMIF_TRY(CheckPlatform(database, lease.holder));
  if (lease.expires <= now) {
    return PermissionDenied("the lease is over: ask for a new one");
  }
  return lease;
}

json LeaseEntry(const char* kind, const std::string& id,
                const LeaseHolder& holder, int64_t now, int64_t expires) {
  return {{"kind", kind},
          {"time", now},
          {"lease", id},
          {"rule", holder.rule},
          {"platform", holder.platform},
          {"platform_id", FirstOf(holder.platform_ids)},
          {"expires", expires}};
}

}  // namespace

Result<std::string> Store::IssueLease(const LeaseHolder& holder,
                                      const LeaseTerms& terms, int64_t now) {
  const std::lock_guard lock(state_->mutex);
  sqlite3* database = state_->database.get();
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  CMIF_TRY(CheckState(database, terms.policy_version, now));
  CMIF_TRY(CheckPlatform(database, holder));
  const std::string platform_id = FirstOf(holder.platform_ids);
  Statement recent(database,
                   "SELECT COUNT(*) FROM leases WHERE rule=? AND platform_id=? "
                   "AND issued>?",
                   std::string_view(holder.rule), std::string_view(platform_id),
                   now - kHour);
  CMIF_TRY(recent.Step());
  if (static_cast<uint64_t>(recent.Number(0)) >= terms.rate_per_hour) {
    return ResourceExhausted(
        fmt::format("this platform had its {} leases of this hour under rule "
                    "'{}': wait, or renew the one it has",
                    terms.rate_per_hour, holder.rule));
  }
  std::string id = NewId();
  const std::string all_ids =
      fmt::format("{}", fmt::join(holder.platform_ids, ","));
  const int64_t expires = now + static_cast<int64_t>(terms.seconds);
  CMIF_TRY(Statement(database, "INSERT INTO leases VALUES(?,?,?,?,?,?)",
                     std::string_view(id), std::string_view(holder.rule),
                     std::string_view(platform_id), std::string_view(all_ids),
                     now, expires)
               .Run());
  CMIF_TRY(Append(database, LeaseEntry("lease", id, holder, now, expires)));
  CMIF_TRY(transaction.Commit());
  return id;
}

Result<void> Store::RenewLease(const std::string& id, const LeaseHolder& holder,
                               const LeaseTerms& terms, int64_t now) {
  const std::lock_guard lock(state_->mutex);
  sqlite3* database = state_->database.get();
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  CMIF_TRY(CheckState(database, terms.policy_version, now));
  CMIF_ASSIGN(const FoundLease lease, LiveLease(database, id, now));
  if (FirstOf(lease.holder.platform_ids) != FirstOf(holder.platform_ids) ||
      lease.holder.rule != holder.rule) {
    return PermissionDenied("the lease belongs to another platform or rule");
  }
  const auto seconds = static_cast<int64_t>(terms.seconds);
  const int64_t expires = now + seconds;
  // Each renewal is an entry of the log.
  if (expires - lease.expires < seconds / kMinRenewalPart) {
    return ResourceExhausted(
        "a lease is renewed once a quarter of its time is over, and not beyond "
        "its policy");
  }
  CMIF_TRY(Statement(database, "UPDATE leases SET expires=? WHERE id=?",
                     expires, std::string_view(id))
               .Run());
  CMIF_TRY(Append(database, LeaseEntry("renewal", id, holder, now, expires)));
  return transaction.Commit();
}

Result<LeaseHolder> Store::FindLease(const std::string& id, int64_t now) const {
  const std::lock_guard lock(state_->mutex);
  CMIF_ASSIGN(FoundLease lease, LiveLease(state_->database.get(), id, now));
  return std::move(lease.holder);
}

Result<void> Store::NoteRelease(const std::string& lease,
                                const Resource& resource,
                                const crypto::Digest& evidence_sha256,
                                uint64_t policy_version, int64_t now) {
  const std::lock_guard lock(state_->mutex);
  sqlite3* database = state_->database.get();
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  CMIF_TRY(CheckState(database, policy_version, now));
  CMIF_ASSIGN(const FoundLease live, LiveLease(database, lease, now));
  CMIF_TRY(
      Append(database, {{"kind", "release"},
                        {"time", now},
                        {"lease", lease},
                        {"rule", live.holder.rule},
                        {"platform_id", FirstOf(live.holder.platform_ids)},
                        {"model", resource.model_id},
                        {"model_version", resource.version},
                        {"evidence_sha256", crypto::ToHex(evidence_sha256)}}));
  return transaction.Commit();
}

namespace {

Result<void> Revoke(sqlite3* database, const char* kind, std::string_view id,
                    int64_t now) {
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  CMIF_ASSIGN(const bool revoked, IsRevoked(database, kind, id));
  if (revoked) {
    return Fail(Code::kAlreadyExists,
                fmt::format("this {} is revoked already", kind));
  }
  CMIF_TRY(Statement(database, "INSERT INTO revocations VALUES(?,?)",
                     std::string_view(kind), id)
               .Run());
  CMIF_TRY(Append(
      database,
      {{"kind", "revocation"}, {"time", now}, {"of", kind}, {"id", id}}));
  return transaction.Commit();
}

}  // namespace

Result<void> Store::RevokeLease(const std::string& id, int64_t now) {
  const std::lock_guard lock(state_->mutex);
  CMIF_ASSIGN(const bool found,
              Statement(state_->database.get(),
                        "SELECT 1 FROM leases WHERE id=?", std::string_view(id))
                  .Step());
  if (!found) return NotFound("there is no such lease");
  return Revoke(state_->database.get(), "lease", id, now);
}

Result<void> Store::RevokePlatform(const std::string& id, int64_t now) {
  const auto bytes = crypto::FromHex(id);
  if (!bytes || bytes->empty()) {
    return InvalidArgument("a platform's id is written in hex");
  }
  const std::lock_guard lock(state_->mutex);
  return Revoke(state_->database.get(), "platform", crypto::ToHex(*bytes), now);
}

Result<bool> Store::IsPlatformRevoked(const std::string& id) const {
  const std::lock_guard lock(state_->mutex);
  return IsRevoked(state_->database.get(), "platform", id);
}

}  // namespace cmif::broker
