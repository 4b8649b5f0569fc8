// SPDX-License-Identifier: Apache-2.0
// SQLite with owners. For .cc files of this room.
#ifndef CMIF_BROKER_SQLITE_INL_H_
#define CMIF_BROKER_SQLITE_INL_H_

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::broker {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

inline std::unexpected<Status> SqlError(sqlite3* database) {
  const int code = sqlite3_errcode(database) & 0xff;
  const std::string text =
      fmt::format("the broker's state: {}", sqlite3_errmsg(database));
  switch (code) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DataLoss(text);
    default:
      return Internal(text);
  }
}

// One statement with its values. Not thread-safe; the database outlives it.
class Statement {
 public:
  template <typename... Values>
  Statement(sqlite3* database, std::string_view sql, const Values&... values)
      : database_(database) {
    good_ =
        sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()),
                           &statement_, nullptr) == SQLITE_OK;
    (Bind(values), ...);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Whether there is another row.
  Result<bool> Step() {
    if (good_) {
      const int code = sqlite3_step(statement_);
      if (code == SQLITE_ROW) return true;
      if (code == SQLITE_DONE) return false;
    }
    return SqlError(database_);
  }
  // For statements without rows.
  Result<void> Run() {
    CMIF_TRY(Step());
    return {};
  }
  int64_t Number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  std::string Text(int column) const {
    const auto* text = sqlite3_column_text(statement_, column);
    return text == nullptr ? std::string()
                           : std::string(reinterpret_cast<const char*>(text));
  }
  std::vector<uint8_t> Blob(int column) const {
    const auto* data =
        static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr ? std::vector<uint8_t>()
                           : std::vector<uint8_t>(data, data + size);
  }

 private:
  void Bind(int64_t value) {
    good_ =
        good_ && sqlite3_bind_int64(statement_, ++bound_, value) == SQLITE_OK;
  }
  void Bind(uint64_t value) { Bind(static_cast<int64_t>(value)); }
  void Bind(std::string_view value) {
    good_ = good_ && sqlite3_bind_text(statement_, ++bound_, value.data(),
                                       static_cast<int>(value.size()),
                                       SQLITE_TRANSIENT) == SQLITE_OK;
  }
  void Bind(std::span<const uint8_t> value) {
    good_ = good_ && sqlite3_bind_blob(statement_, ++bound_, value.data(),
                                       static_cast<int>(value.size()),
                                       SQLITE_TRANSIENT) == SQLITE_OK;
  }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  bool good_ = false;
  int bound_ = 0;
};

// What is done until Commit(); all of it is taken back without. The write lock
// is taken at once, so that two processes do not decide on the same state.
class Transaction {
 public:
  static Result<Transaction> Begin(sqlite3* database) {
    CMIF_TRY(Statement(database, "BEGIN IMMEDIATE").Run());
    return Transaction(database);
  }
  ~Transaction() {
    if (database_ != nullptr) (void)Statement(database_, "ROLLBACK").Run();
  }
  Transaction(Transaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  Result<void> Commit() {
    CMIF_TRY(Statement(database_, "COMMIT").Run());
    database_ = nullptr;
    return {};
  }

 private:
  explicit Transaction(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_SQLITE_INL_H_
