// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/row_ledger.h"

#include <gtest/gtest.h>

namespace cmif::client {
namespace {

TEST(RowLedgerTest, DistinctRowsAreCounted) {
  RowLedger ledger;
  for (const uint32_t key : {5U, 7U, 5U, 5U, 9U}) {
    EXPECT_TRUE(ledger.Reveal(key));
  }
  EXPECT_EQ(ledger.rows_revealed(), 3U);
  EXPECT_EQ(ledger.max_rows(), RowLedger::kNoLimit);
}

TEST(RowLedgerTest, BeyondTheLimitOnlyKnownRowsLeave) {
  RowLedger ledger;
  ledger.Limit(2, nullptr);
  EXPECT_TRUE(ledger.Reveal(1));
  EXPECT_TRUE(ledger.Reveal(2));
  const auto third = ledger.Reveal(3);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), Code::kResourceExhausted);
  EXPECT_TRUE(ledger.Reveal(1));
  EXPECT_EQ(ledger.rows_revealed(), 2U);
}

TEST(RowLedgerTest, RowsThatLeftBeforeALimitCount) {
  RowLedger ledger;
  EXPECT_TRUE(ledger.Reveal(1));
  EXPECT_TRUE(ledger.Reveal(2));
  ledger.Limit(1, nullptr);
  EXPECT_FALSE(ledger.Reveal(3));
}

TEST(RowLedgerTest, NoRowLeavesWithoutLease) {
  RowLedger ledger;
  bool live = true;
  ledger.Limit(10, [&]() -> Result<void> {
    if (live) return {};
    return PermissionDenied("over");
  });
  EXPECT_TRUE(ledger.Reveal(1));
  live = false;
  const auto again = ledger.Reveal(1);  // not even one that left before
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kPermissionDenied);
  EXPECT_EQ(ledger.rows_revealed(), 1U);
}

}  // namespace
}  // namespace cmif::client
