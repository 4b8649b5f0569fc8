// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/row_ledger.h"

#include <fmt/format.h>

#include <utility>

namespace cmif::client {

void RowLedger::Limit(uint64_t max_rows,
                      std::function<Result<void>()> may_leave) {
  const std::lock_guard lock(mutex_);
  max_rows_ = max_rows;
  may_leave_ = std::move(may_leave);
}

Result<void> RowLedger::Reveal(std::span<const uint32_t> keys) {
  const std::lock_guard lock(mutex_);
  if (may_leave_) CMIF_TRY(may_leave_());
  std::unordered_set<uint32_t> fresh;
  for (const uint32_t key : keys) {
    if (!revealed_.contains(key)) fresh.insert(key);
  }
  if (!fresh.empty() && revealed_.size() + fresh.size() > max_rows_) {
    return ResourceExhausted(fmt::format(
        "this would give away more than the {} different rows of the table "
        "that the lease of the bundle's key allows; ask its owner for more",
        max_rows_));
  }
  revealed_.merge(fresh);
  return {};
}

uint64_t RowLedger::rows_revealed() const {
  const std::lock_guard lock(mutex_);
  return revealed_.size();
}

uint64_t RowLedger::max_rows() const {
  const std::lock_guard lock(mutex_);
  return max_rows_;
}

}  // namespace cmif::client
