// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "cmif/wire/cmif.pb.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/row_sender.h"
#include "cmif/wire/row_table.h"

namespace cmif::wire {
namespace {

constexpr uint32_t kWidth = 3;

void CopyF32(std::span<const uint8_t> row, std::span<float> out) {
  std::memcpy(out.data(), row.data(), row.size());
}

RowTable Table(uint32_t max_slots = 4) {
  return RowTable::Create({.row_bytes = kWidth * sizeof(float),
                           .width = kWidth,
                           .max_slots = max_slots,
                           .expand = CopyF32})
      .value();
}

std::vector<uint8_t> Bytes(std::vector<float> values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(RowTableTest, CreateRefusesMissingOptions) {
  EXPECT_FALSE(RowTable::Create({}).has_value());
  EXPECT_FALSE(RowTable::Create({.row_bytes = 4, .width = 1, .max_slots = 1})
                   .has_value());
  EXPECT_FALSE(RowTable::Create({.row_bytes = 4, .width = 1, .expand = CopyF32})
                   .has_value());
}

TEST(RowTableTest, ExpandsRowsBySlot) {
  RowTable table = Table();
  ASSERT_TRUE(table.Append(Bytes({1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.Expand(std::vector<uint32_t>{1, 0, 1}).value(),
            (std::vector<float>{4, 5, 6, 1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(table.Expand({}).value().empty());
}

TEST(RowTableTest, RefusesPartOfARow) {
  RowTable table = Table();
  const auto bytes = Bytes({1, 2, 3});
  const auto result = table.Append(std::span(bytes).first(11));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(table.size(), 0U);
}

TEST(RowTableTest, RefusesSlotThatNoRowHasTaken) {
  RowTable table = Table();
  ASSERT_TRUE(table.Append(Bytes({1, 2, 3})));
  for (const uint32_t slot : {1U, 7U, 0xFFFFFFFFU}) {
    const auto result = table.Expand(std::vector<uint32_t>{0, slot});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  }
}

TEST(RowTableTest, RefusesMoreRowsThanSlots) {
  RowTable table = Table(2);
  ASSERT_TRUE(table.Append(Bytes({1, 2, 3, 4, 5, 6})));
  const auto result = table.Append(Bytes({1, 2, 3}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kResourceExhausted);
  table.Reset();
  EXPECT_TRUE(table.Append(Bytes({1, 2, 3})));
}

TEST(RowTableTest, RefusesValuesThatCouldHurtOthers) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {inf, -inf, nan, -nan, 1e30F, -10'001.0F}) {
    RowTable table = Table();
    const auto result = table.Append(Bytes({1, 2, 3, 4, bad, 6}));
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(table.size(), 0U) << "all or none";
  }
  RowTable table = Table();
  EXPECT_TRUE(table.Append(Bytes({1e4F, -1e4F, 1e-40F})));
}

TEST(RowSenderTest, AgreesWithTheTable) {
  RowTable table = Table();
  RowSender sender(kWidth * sizeof(float), 4);
  const auto first = Bytes({1, 2, 3});
  const auto second = Bytes({4, 5, 6});
  const std::vector<uint32_t> slots = {*sender.SlotOf(70, first),
                                       *sender.SlotOf(9, second),
                                       *sender.SlotOf(70, first)};
  EXPECT_EQ(slots, (std::vector<uint32_t>{0, 1, 0}));
  EXPECT_EQ(sender.new_row_bytes(), 24U);
  const std::string rows = sender.TakeNewRows();
  ASSERT_TRUE(table.Append(
      {reinterpret_cast<const uint8_t*>(rows.data()), rows.size()}));
  EXPECT_EQ(table.Expand(slots).value(),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 1, 2, 3}));
  EXPECT_TRUE(sender.TakeNewRows().empty());
  EXPECT_TRUE(sender.Knows(9));
  sender.Reset();
  EXPECT_FALSE(sender.Knows(9));
  EXPECT_EQ(sender.SlotOf(9, second), 0U);
}

TEST(RowSenderTest, RefusesWrongSizeAndFullTable) {
  RowSender sender(4, 1);
  const std::vector<uint8_t> row = {1, 2, 3, 4};
  EXPECT_EQ(sender.SlotOf(1, std::span(row).first(3)).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(sender.SlotOf(1, row), 0U);
  EXPECT_EQ(sender.SlotOf(2, row).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(sender.SlotOf(1, row), 0U);
}

TEST(LimitsTest, SlotsAreBoundByCountAndBytes) {
  EXPECT_EQ(SlotsFor(612), kMaxSlots);
  EXPECT_EQ(SlotsFor(8192), 8192U);
  EXPECT_EQ(SlotsFor(0), 0U);
}

TEST(GrpcStatusTest, EveryCodeSurvives) {
  for (int code = 1; code <= 16; ++code) {
    const Status status(static_cast<Code>(code), "what and next step");
    const auto back = FromGrpc(ToGrpc(status));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code(), status.code());
    EXPECT_EQ(back.error().message(), status.message());
  }
  EXPECT_TRUE(FromGrpc(grpc::Status::OK));
}

TEST(GrpcStatusTest, HostileMessageIsTamed) {
  const auto back = FromGrpc(
      {grpc::StatusCode::INTERNAL, "\x1b[2J\n" + std::string(5000, 'x')});
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().message().size(), 1000U);
  EXPECT_EQ(back.error().message().substr(0, 5), "?[2J?");
}

}  // namespace
}  // namespace cmif::wire
