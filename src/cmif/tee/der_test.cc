// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/der.h"

#include <gtest/gtest.h>

namespace cmif::tee {
namespace {

using Bytes = std::vector<uint8_t>;

Result<uint32_t> NumberOf(const Bytes& der) {
  CMIF_ASSIGN(const DerElement element, ReadOneDer(der));
  return element.Number();
}

TEST(DerTest, ReadsNumbers) {
  EXPECT_EQ(NumberOf({2, 1, 0}), 0U);
  EXPECT_EQ(NumberOf({2, 2, 0, 0xD9}), 0xD9U);
  EXPECT_EQ(NumberOf({2, 5, 0, 0xFF, 0xFF, 0xFF, 0xFF}), 0xFFFFFFFFU);
}

TEST(DerTest, RefusesOtherNumbers) {
  for (const Bytes& der :
       {Bytes{2, 0}, Bytes{2, 1, 0x80}, Bytes{2, 5, 1, 0, 0, 0, 0},
        Bytes{2, 6, 0, 0, 0, 0, 0, 0}, Bytes{4, 1, 0}}) {
    EXPECT_FALSE(NumberOf(der).has_value());
  }
}

TEST(DerTest, ReadsObjectIds) {
  const Bytes der = {6, 3, 0x55, 4, 3};
  EXPECT_EQ(ReadOneDer(der)->ObjectId(), "2.5.4.3");
  const Bytes open_end = {6, 2, 0x55, 0x84};
  EXPECT_FALSE(ReadOneDer(open_end)->ObjectId().has_value());
}

TEST(DerTest, RefusesWhatIsNotDer) {
  for (const Bytes& der :
       {Bytes{}, Bytes{0x30}, Bytes{0x30, 5, 1}, Bytes{0x30, 0x80, 0, 0},
        Bytes{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0}, Bytes{0x82, 1, 0}}) {
    EXPECT_FALSE(ReadOneDer(der).has_value());
  }
}

TEST(DerTest, LimitsTheNumberOfElements) {
  const Bytes two = {2, 1, 0, 2, 1, 0};
  EXPECT_EQ(ReadDer(two, 2)->size(), 2U);
  EXPECT_EQ(ReadDer(two, 1).error().code(), Code::kResourceExhausted);
}

}  // namespace
}  // namespace cmif::tee
