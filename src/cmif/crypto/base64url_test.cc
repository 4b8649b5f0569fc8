// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/base64url.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"

namespace cmif::crypto {
namespace {

// RFC 7515, appendix C.
TEST(Base64UrlTest, WritesAndReadsRfc7515AppendixC) {
  const std::vector<uint8_t> bytes = {3, 236, 255, 224, 193};
  EXPECT_EQ(ToBase64Url(bytes), "A-z_4ME");
  EXPECT_EQ(FromBase64Url("A-z_4ME").value(), bytes);
}

// RFC 4648, section 10.
TEST(Base64UrlTest, PlainAlphabetHasPadding) {
  EXPECT_EQ(ToBase64(AsBytes("")), "");
  EXPECT_EQ(ToBase64(AsBytes("f")), "Zg==");
  EXPECT_EQ(ToBase64(AsBytes("fo")), "Zm8=");
  EXPECT_EQ(ToBase64(AsBytes("foobar")), "Zm9vYmFy");
}

TEST(Base64UrlTest, EveryLengthComesBack) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(FromBase64Url(ToBase64Url(bytes)).value(), bytes);
    bytes.push_back(static_cast<uint8_t>(i * 37 + 250));
  }
}

TEST(Base64UrlTest, OneSpellingAlone) {
  for (const char* text :
       {"A", "A-z_4ME=", "A+z/4ME", "A-z_4MF", "A-z _4ME", "A-z_4M\n", "Zh"}) {
    const auto read = FromBase64Url(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cmif::crypto
