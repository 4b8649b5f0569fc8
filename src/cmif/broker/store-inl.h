// SPDX-License-Identifier: Apache-2.0
// What the .cc files of Store share.
#ifndef CMIF_BROKER_STORE_INL_H_
#define CMIF_BROKER_STORE_INL_H_

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/broker/sqlite-inl.h"
#include "cmif/broker/store.h"
#include "cmif/crypto/canonical_json.h"

namespace cmif::broker {

struct Store::State {
  mutable std::mutex mutex;  // of the connection
  Database database;
};

inline crypto::Digest ToDigest(const std::vector<uint8_t>& bytes) {
  crypto::Digest digest{};
  if (bytes.size() == digest.size()) std::ranges::copy(bytes, digest.begin());
  return digest;
}

struct Head {
  uint64_t number = 0;
  crypto::Digest hash{};
};

inline Result<Head> ReadHead(sqlite3* database) {
  Statement last(database,
                 "SELECT number, hash FROM log ORDER BY number DESC LIMIT 1");
  CMIF_ASSIGN(const bool found, last.Step());
  if (!found) return Head();
  return Head{static_cast<uint64_t>(last.Number(0)), ToDigest(last.Blob(1))};
}

// Adds an entry to the log, within a transaction.
inline Result<void> Append(sqlite3* database, const nlohmann::json& entry) {
  CMIF_ASSIGN(const Head head, ReadHead(database));
  CMIF_ASSIGN(const std::string text, crypto::CanonicalJson(entry.dump()));
  const uint64_t number = head.number + 1;
  const crypto::Digest hash = HashLogEntry(head.hash, number, text);
  return Statement(database, "INSERT INTO log VALUES(?,?,?)", number,
                   std::string_view(text), std::span<const uint8_t>(hash))
      .Run();
}

// A clock that went back, by a restart say, would make leases live longer.
inline Result<void> CheckClock(sqlite3* database, int64_t now) {
  constexpr int64_t kToleranceSeconds = 300;
  Statement last(database,
                 "SELECT COALESCE(MAX(json_extract(text, '$.time')), 0) FROM "
                 "(SELECT text FROM log ORDER BY number DESC LIMIT 8)");
  CMIF_TRY(last.Step());
  const int64_t behind = last.Number(0) - now;
  if (behind <= kToleranceSeconds) return {};
  return Unavailable("this machine's clock is " + std::to_string(behind) +
                     " s behind the release log's last entries: set the clock");
}

inline Result<bool> IsRevoked(sqlite3* database, std::string_view kind,
                              std::string_view id) {
  return Statement(database, "SELECT 1 FROM revocations WHERE kind=? AND id=?",
                   kind, id)
      .Step();
}

}  // namespace cmif::broker

#endif  // CMIF_BROKER_STORE_INL_H_
