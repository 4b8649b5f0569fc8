// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cbor.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"

namespace cmif::tee {
namespace {

using Kind = CborItem::Kind;

// Items are views of what they were read from, so it must stay.
struct Read {
  explicit Read(std::string_view hex)
      : bytes(*crypto::FromHex(hex)), item(ReadCbor(bytes)) {}
  std::vector<uint8_t> bytes;
  Result<CborItem> item;
};

TEST(CborTest, ReadsTheVectorsOfRfc8949) {
  // Appendix A.
  EXPECT_EQ(Read("00").item->number, 0U);
  EXPECT_EQ(Read("1818").item->number, 24U);
  EXPECT_EQ(Read("1b000000e8d4a51000").item->number, 1000000000000U);
  EXPECT_EQ(Read("1bffffffffffffffff").item->number, UINT64_MAX);
  EXPECT_EQ(Read("3863").item->kind, Kind::kNegative);
  EXPECT_EQ(Read("f5").item->number, 21U);
  const Read text("6449455446");
  EXPECT_EQ(AsText(text.item->bytes), "IETF");
  EXPECT_EQ(Read("83010203").item->items[2].number, 3U);
  const Read tag("c11a514b67b0");
  EXPECT_EQ(tag.item->kind, Kind::kTag);
  EXPECT_EQ(tag.item->items[0].number, 1363896240U);
  const Read map("a26161016162820203");
  ASSERT_NE(map.item->Find("b"), nullptr);
  EXPECT_EQ(map.item->Find("b")->items[1].number, 3U);
  EXPECT_EQ(map.item->Find("c"), nullptr);
}

TEST(CborTest, RefusesEverythingElse) {
  for (const char* hex : {"",
                          "18",
                          "1c",
                          "5f42010243030405ff",
                          "9f01ff",
                          "bf6161 01ff",
                          "ff",
                          "f90000",
                          "fa47c35000",
                          "fb3ff199999999999a",
                          "0000",
                          "43 0102",
                          "5bffffffffffffffff",
                          "9bffffffffffffffff",
                          "bbffffffffffffffff",
                          "a2616101616102",
                          "a20001 0002",
                          "a1 8001",
                          "a1 f501",
                          "818181818181818100"}) {
    std::string digits(hex);
    std::erase(digits, ' ');
    EXPECT_FALSE(Read(digits).item.has_value()) << hex;
  }
}

TEST(CborTest, LimitsDepthAndNumber) {
  EXPECT_TRUE(Read("8181818181818100").item.has_value());  // eight levels
  std::string many = "990400";
  for (int i = 0; i < 1024; ++i) many += "00";
  EXPECT_FALSE(Read(many).item.has_value());
}

}  // namespace
}  // namespace cmif::tee
