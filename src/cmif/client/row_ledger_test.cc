// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/row_ledger.h"

#include <gtest/gtest.h>

#include <vector>

namespace cmif::client {
namespace {

Result<void> Reveal(RowLedger& ledger, const std::vector<uint32_t>& keys) {
  return ledger.Reveal(keys);
}

TEST(RowLedgerTest, DistinctRowsAreCounted) {
  RowLedger ledger;
  for (const uint32_t key : {5U, 7U, 5U, 5U, 9U}) {
    EXPECT_TRUE(Reveal(ledger, {key}));
  }
  EXPECT_EQ(ledger.rows_revealed(), 3U);
  EXPECT_EQ(ledger.max_rows(), RowLedger::kNoLimit);
}

TEST(RowLedgerTest, BeyondTheLimitOnlyKnownRowsLeave) {
  RowLedger ledger;
  ledger.Limit(2, nullptr);
  EXPECT_TRUE(Reveal(ledger, {1}));
  EXPECT_TRUE(Reveal(ledger, {2}));
  const auto third = Reveal(ledger, {3});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), Code::kResourceExhausted);
  EXPECT_TRUE(Reveal(ledger, {1}));
  EXPECT_EQ(ledger.rows_revealed(), 2U);
}

TEST(RowLedgerTest, RowsLeaveTogetherOrNotAtAll) {
  RowLedger ledger;
  ledger.Limit(3, nullptr);
  EXPECT_TRUE(Reveal(ledger, {1, 2, 1}));
  EXPECT_FALSE(Reveal(ledger, {2, 3, 4}));
  EXPECT_EQ(ledger.rows_revealed(), 2U);
  EXPECT_TRUE(Reveal(ledger, {2, 3, 3}));
  EXPECT_EQ(ledger.rows_revealed(), 3U);
}

TEST(RowLedgerTest, RowsThatLeftBeforeALimitCount) {
  RowLedger ledger;
  EXPECT_TRUE(Reveal(ledger, {1}));
  EXPECT_TRUE(Reveal(ledger, {2}));
  ledger.Limit(1, nullptr);
  EXPECT_FALSE(Reveal(ledger, {3}));
}

TEST(RowLedgerTest, NoRowLeavesWithoutLease) {
  RowLedger ledger;
  bool live = true;
  ledger.Limit(10, [&]() -> Result<void> {
    if (live) return {};
    return PermissionDenied("over");
  });
  EXPECT_TRUE(Reveal(ledger, {1}));
  live = false;
  const auto again = Reveal(ledger, {1});  // not even one that left before
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kPermissionDenied);
  EXPECT_EQ(ledger.rows_revealed(), 1U);
}

}  // namespace
}  // namespace cmif::client
