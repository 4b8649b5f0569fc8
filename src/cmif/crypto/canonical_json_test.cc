// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/canonical_json.h"

#include <gtest/gtest.h>

namespace cmif::crypto {
namespace {

// RFC 8785, section 3.2.2 (its example without the names beyond ASCII).
TEST(CanonicalJsonTest, WritesTheExampleOfRfc8785) {
  const auto text = CanonicalJson(
      "{\n \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, "
      "0.000000000000000000000000001],\n \"string\": "
      "\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n "
      "\"literals\": [null, true, false]\n}");
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(*text,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,"
            "1e+30,4.5,0.002,1e-27],\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\"
            "\\\\\\\"/\"}");
}

// RFC 8785, appendix B.
TEST(CanonicalJsonTest, NumbersAreThoseOfAppendixB) {
  const std::pair<const char*, const char*> cases[] = {
      {"[-0.0]", "[0]"},
      {"[5e-324]", "[5e-324]"},
      {"[-1.7976931348623157e308]", "[-1.7976931348623157e+308]"},
      {"[9007199254740992.0]", "[9007199254740992]"},
      {"[295147905179352830000.0]", "[295147905179352830000]"},
      {"[9.999999999999997e22]", "[9.999999999999997e+22]"},
      {"[1e23]", "[1e+23]"},
      {"[999999999999999700000.0]", "[999999999999999700000]"},
      {"[1e21]", "[1e+21]"},
      {"[9.999999999999997e-7]", "[9.999999999999997e-7]"},
      {"[0.000001]", "[0.000001]"},
      {"[333333333.3333332]", "[333333333.3333332]"},
      {"[1424953923781206.2]", "[1424953923781206.2]"},
      {"[1.0, 1, 10.0, 0.5]", "[1,1,10,0.5]"},
  };
  for (const auto& [given, wanted] : cases) {
    const auto text = CanonicalJson(given);
    ASSERT_TRUE(text) << given;
    EXPECT_EQ(*text, wanted);
  }
}

TEST(CanonicalJsonTest, OrderAndSpacesDoNotMatter) {
  EXPECT_EQ(CanonicalJson(R"({"b": {"d": 1, "c": []}, "a": ""})").value(),
            CanonicalJson(R"({"a":"","b":{"c":[],"d":1}})").value());
}

TEST(CanonicalJsonTest, WhatTwoReadersMayReadDifferentlyIsRefused) {
  const std::string deep = std::string(20, '[') + std::string(20, ']');
  for (const std::string& text :
       {std::string(""), std::string("{"), std::string(R"({"a":1,"a":2})"),
        std::string("{\"\xc3\xa9\":1}"), std::string("[9007199254740993]"),
        std::string("[-9007199254740993]"), std::string("[1e999]"),
        std::string("\"\xff\""), deep}) {
    const auto read = CanonicalJson(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kInvalidArgument);
  }
}

TEST(CanonicalJsonTest, ACanonicalFormIsItsOwn) {
  for (const char* text :
       {"[1e17]", "[1e20]", "[-1e18]", "[18446744073709551616]",
        "[12345678901234567890.0]", "[-0]", "[1e21]"}) {
    const auto once = CanonicalJson(text);
    ASSERT_TRUE(once) << text;
    EXPECT_EQ(CanonicalJson(*once).value(), *once) << text;
  }
}

}  // namespace
}  // namespace cmif::crypto
