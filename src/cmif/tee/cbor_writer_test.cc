// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cbor_writer.h"

#include <gtest/gtest.h>

#include "cmif/tee/cbor.h"

namespace cmif::tee {
namespace {

using Bytes = std::vector<uint8_t>;

// RFC 8949, appendix A.
TEST(CborWriterTest, WritesTheExamplesOfTheRfc) {
  EXPECT_EQ(CborNumber(23), (Bytes{0x17}));
  EXPECT_EQ(CborNumber(24), (Bytes{0x18, 0x18}));
  EXPECT_EQ(CborNumber(1000), (Bytes{0x19, 0x03, 0xe8}));
  EXPECT_EQ(CborNumber(1000000), (Bytes{0x1a, 0x00, 0x0f, 0x42, 0x40}));
  EXPECT_EQ(CborNumber(1000000000000),
            (Bytes{0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0}));
  EXPECT_EQ(CborBytes(Bytes{1, 2, 3, 4}), (Bytes{0x44, 1, 2, 3, 4}));
  EXPECT_EQ(CborText("IETF"), (Bytes{0x64, 0x49, 0x45, 0x54, 0x46}));
  EXPECT_EQ(CborArray({CborNumber(1), CborNumber(2), CborNumber(3)}),
            (Bytes{0x83, 1, 2, 3}));
  EXPECT_EQ(CborMap({{"a", CborNumber(1)}}), (Bytes{0xa1, 0x61, 0x61, 0x01}));
  EXPECT_EQ(CborTag(1, CborNumber(1363896240)),
            (Bytes{0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0}));
}

TEST(CborWriterTest, IsRead) {
  const Bytes long_text(70000, 0xAB);
  const Bytes item = CborTag(
      60000, CborArray({CborBytes(long_text), CborMap({{"x", CborText("")}})}));
  const auto read = ReadCbor(item);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 60000U);
  EXPECT_EQ(read->items[0].items[0].bytes.size(), long_text.size());
  EXPECT_NE(read->items[0].items[1].Find("x"), nullptr);
}

}  // namespace
}  // namespace cmif::tee
