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

Result<void> RowLedger::Reveal(uint32_t key) {
  const std::lock_guard lock(mutex_);
  if (may_leave_) CMIF_TRY(may_leave_());
  if (revealed_.contains(key)) return {};
  if (revealed_.size() >= max_rows_) {
    return ResourceExhausted(fmt::format(
        "{} different rows of the table have left, as many as the lease of "
        "the bundle's key allows; ask its owner for more",
        max_rows_));
  }
  revealed_.insert(key);
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
