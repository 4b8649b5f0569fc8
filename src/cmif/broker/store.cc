// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/broker/store-inl.h"

namespace cmif::broker {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileName = "broker.sqlite";
constexpr int kBusyMs = 5000;
constexpr const char* kSchema =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA trusted_schema=OFF;"
    "CREATE TABLE IF NOT EXISTS policies(version INTEGER PRIMARY KEY,"
    " sha256 BLOB NOT NULL, simulated INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS leases(id TEXT PRIMARY KEY, rule TEXT NOT NULL,"
    " platform_id TEXT NOT NULL, platform_ids TEXT NOT NULL, issued INTEGER "
    "NOT NULL,"
    " expires INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS leases_by_holder"
    " ON leases(rule, platform_id, issued);"
    "CREATE TABLE IF NOT EXISTS revocations(kind TEXT NOT NULL,"
    " id TEXT NOT NULL, PRIMARY KEY(kind, id)) STRICT;"
    "CREATE TABLE IF NOT EXISTS floors(name TEXT PRIMARY KEY,"
    " value INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS log(number INTEGER PRIMARY KEY,"
    " text TEXT NOT NULL, hash BLOB NOT NULL) STRICT;";

Result<Database> OpenDatabase(const fs::path& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return PermissionDenied(fmt::format("cannot open {}", path.string()));
  }
  sqlite3_busy_timeout(raw, kBusyMs);
  if (sqlite3_exec(raw, kSchema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqlError(raw);
  }
  return database;
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const fs::path& folder) {
  std::error_code error;
  if (fs::create_directories(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  if (error) {
    return PermissionDenied(
        fmt::format("cannot make the folder {}", folder.string()));
  }
  auto state = std::make_unique<State>();
  CMIF_ASSIGN(state->database, OpenDatabase(folder / kFileName));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<std::unique_ptr<Store>> Store::OpenExisting(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder / kFileName, error)) {
    return NotFound(
        fmt::format("{} is no folder of a broker (--state of "
                    "cmif broker serve)",
                    folder.string()));
  }
  return Open(folder);
}

Result<void> Store::AdoptPolicy(uint64_t version, const crypto::Digest& sha256,
                                bool simulated, int64_t now) {
  const std::lock_guard lock(state_->mutex);
  sqlite3* database = state_->database.get();
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  CMIF_TRY(CheckClock(database, now));
  Statement newest(database,
                   "SELECT version, sha256, simulated FROM policies ORDER BY "
                   "version DESC LIMIT 1");
  CMIF_ASSIGN(const bool found, newest.Step());
  const auto before = found ? static_cast<uint64_t>(newest.Number(0)) : 0;
  if (found && (newest.Number(2) != 0) != simulated) {
    return FailedPrecondition(
        "a release policy for simulated platforms and one for real ones do not "
        "follow each other: take another folder of state");
  }
  if (version < before) {
    return FailedPrecondition(
        fmt::format("the release policy has version {}, but version {} was in "
                    "force before: versions only grow",
                    version, before));
  }
  if (found && version == before) {
    if (ToDigest(newest.Blob(1)) == sha256) return {};
    return FailedPrecondition(fmt::format(
        "another release policy with version {} was in force before: give a "
        "changed policy a higher version",
        version));
  }
  CMIF_TRY(Statement(database, "INSERT INTO policies VALUES(?,?,?)", version,
                     std::span<const uint8_t>(sha256),
                     static_cast<int64_t>(simulated))
               .Run());
  CMIF_TRY(Append(database, {{"kind", "policy"},
                             {"time", now},
                             {"version", version},
                             {"sha256", crypto::ToHex(sha256)}}));
  return transaction.Commit();
}

Result<void> Store::RaiseFloors(const Floors& floors) {
  const std::lock_guard lock(state_->mutex);
  sqlite3* database = state_->database.get();
  CMIF_ASSIGN(Transaction transaction, Transaction::Begin(database));
  for (const auto& [name, value] : floors) {
    Statement row(database, "SELECT value FROM floors WHERE name=?",
                  std::string_view(name));
    CMIF_ASSIGN(const bool found, row.Step());
    const auto before = found ? static_cast<uint64_t>(row.Number(0)) : 0;
    if (value < before) {
      return FailedPrecondition(fmt::format(
          "collateral went back: {} is {} now and was {} before; give this "
          "broker newer --endorsements",
          name, value, before));
    }
    if (value == before) continue;
    CMIF_TRY(Statement(database, "INSERT OR REPLACE INTO floors VALUES(?,?)",
                       std::string_view(name), value)
                 .Run());
  }
  return transaction.Commit();
}

Result<crypto::Digest> Store::LogHead() const {
  const std::lock_guard lock(state_->mutex);
  CMIF_ASSIGN(const Head head, ReadHead(state_->database.get()));
  return head.hash;
}

Result<std::vector<LogEntry>> Store::ReadLog(uint64_t first) const {
  const std::lock_guard lock(state_->mutex);
  Statement rows(state_->database.get(),
                 "SELECT number, text, hash FROM log WHERE number>=? "
                 "ORDER BY number LIMIT ?",
                 std::min(first, uint64_t{INT64_MAX}), kMaxRead);
  std::vector<LogEntry> entries;
  while (true) {
    CMIF_ASSIGN(const bool found, rows.Step());
    if (!found) return entries;
    entries.push_back({static_cast<uint64_t>(rows.Number(0)), rows.Text(1),
                       ToDigest(rows.Blob(2))});
  }
}

Result<uint64_t> VerifyWholeLog(const Store& store,
                                const crypto::Digest* head) {
  uint64_t count = 0;
  crypto::Digest before{};
  bool met = head == nullptr;
  while (true) {
    CMIF_ASSIGN(const auto entries, store.ReadLog(count + 1));
    if (entries.empty()) break;
    CMIF_TRY(VerifyLog(entries, count + 1, before));
    met = met || std::ranges::any_of(entries, [&](const LogEntry& entry) {
            return entry.hash == *head;
          });
    count += entries.size();
    before = entries.back().hash;
  }
  if (met) return count;
  return DataLoss(
      "no entry of the release log has this hash: what a token saw was taken "
      "out of it, or the token is of another broker");
}

}  // namespace cmif::broker
