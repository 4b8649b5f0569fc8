// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cmif/base/byte_reader.h"

namespace cmif::tee {
namespace {

std::string Decoded(std::string_view text) {
  const auto bytes = FromBase64(text);
  return bytes ? std::string(AsText(*bytes)) : "refused";
}

TEST(EncodingTest, ReadsBase64WithAndWithoutPadding) {
  // The vectors of RFC 4648, section 10.
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("Zg=="), "f");
  EXPECT_EQ(Decoded("Zg"), "f");
  EXPECT_EQ(Decoded("Zm8="), "fo");
  EXPECT_EQ(Decoded("Zm9v"), "foo");
  EXPECT_EQ(Decoded("Zm9v\nYmFy\r\n"), "foobar");
  EXPECT_EQ(Decoded("-_-_"), Decoded("+/+/"));
}

TEST(EncodingTest, RefusesWhatIsNotBase64) {
  for (const char* text : {"Z", "Zm9vY", "Zg=", "Z===", "=", "Zm=9", "Zm9\x01",
                           "{\"a\":1}", "Zm9v===="}) {
    EXPECT_EQ(Decoded(text), "refused") << text;
  }
}

TEST(EncodingTest, UnwrapsWholeTextsOnly) {
  EXPECT_THAT(Unwrapped(AsBytes(" 00Ff\n10 ")),
              ::testing::ElementsAre(0x00, 0xFF, 0x10));
  EXPECT_EQ(AsText(Unwrapped(AsBytes("Zm9v"))), "foo");
  EXPECT_EQ(AsText(Unwrapped(AsBytes("{\"a\":1}"))), "{\"a\":1}");
  constexpr std::string_view kPem = "-----BEGIN X-----\nZm9v\n-----END X-----";
  EXPECT_EQ(AsText(Unwrapped(AsBytes(kPem))), kPem);
  EXPECT_TRUE(Unwrapped({}).empty());
}

}  // namespace
}  // namespace cmif::tee
