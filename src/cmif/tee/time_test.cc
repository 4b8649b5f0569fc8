// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/time.h"

#include <gtest/gtest.h>

namespace cmif::tee {
namespace {

TEST(TimeTest, ReadsAndWritesRfc3339) {
  for (const auto& [text, seconds] :
       {std::pair<const char*, int64_t>{"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T12:34:56Z", 951827696},
        {"2049-12-31T23:59:59Z", 2524607999},
        {"9999-12-31T23:59:59Z", 253402300799}}) {
    const auto time = ParseTime(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->seconds, seconds);
    EXPECT_EQ(FormatTime(*time), text);
  }
}

TEST(TimeTest, OffsetsCount) {
  for (const char* text :
       {"2025-07-01T02:00:00+02:00", "2025-06-30T18:30:00-05:30"}) {
    EXPECT_EQ(FormatTime(*ParseTime(text)), "2025-07-01T00:00:00Z");
  }
}

TEST(TimeTest, RefusesAnythingElse) {
  for (const char* text :
       {"", "2025", "2025-07-01", "2025-07-01T00:00:00", "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z", "2025-07-01T24:00:00Z", "2025-07-01T00:60:00Z",
        "2025-07-01T00:00:00.5Z", "2025-07-01 00:00:00Z",
        "2025-07-01T00:00:00+25:00", "2025-07-01T00:00:00+2:00",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
        "+025-07-01T00:00:00Z", "2025-07-01T00:00:00Z "}) {
    const auto time = ParseTime(text);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code(), Code::kInvalidArgument);
  }
}

TEST(TimeTest, FormatsNoTimeOutsideItsYears) {
  EXPECT_EQ(FormatTime({-1}), "?");
  EXPECT_EQ(FormatTime({253402300800}), "?");
}

}  // namespace
}  // namespace cmif::tee
