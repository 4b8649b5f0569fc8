// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_ROW_LEDGER_H_
#define CMIF_CLIENT_ROW_LEDGER_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <span>
#include <unordered_set>

#include "cmif/base/status.h"

namespace cmif::client {

// Which rows of the table left this process. A server that feeds tokens it
// chose as "generated" reads the table out row by row: the count is what shows
// it, the limit what ends it. Thread-safe.
class RowLedger {
 public:
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  // From now on at most `max_rows` distinct rows leave, those that left before
  // among them, and none unless `may_leave` holds, which is asked each time:
  // the lease of the bundle's key (may_leave null: always).
  void Limit(uint64_t max_rows, std::function<Result<void>()> may_leave);

  // Rows are about to leave together; PromptRow::key of each.
  // RESOURCE_EXHAUSTED: they would be too many; else may_leave's error. Then
  // they must stay, and none is counted.
  Result<void> Reveal(std::span<const uint32_t> keys);

  uint64_t rows_revealed() const;
  uint64_t max_rows() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<uint32_t> revealed_;
  uint64_t max_rows_ = kNoLimit;
  std::function<Result<void>()> may_leave_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_ROW_LEDGER_H_
