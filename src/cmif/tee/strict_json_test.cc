// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cmif/tee/strict_json-inl.h"

namespace cmif::tee {
namespace {

TEST(StrictJsonTest, ReadsAnObject) {
  const auto json = ParseStrictJson(R"({"a":{"b":[1,{"a":2}]},"b":3})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ((*json)["a"]["b"][1]["a"], 2);
}

TEST(StrictJsonTest, RefusesWhatCanBeReadInTwoWays) {
  for (const char* text :
       {"", "[]", "1", "{", R"({"a":1,"a":2})", R"({"x":{"a":1,"\u0061":2}})",
        R"({"x":[{"a":1,"b":[],"a":2}]})", R"({"a":1} {})",
        "{\"a\":\"\xFF\"}"}) {
    const auto json = ParseStrictJson(text);
    ASSERT_FALSE(json.has_value()) << text;
    EXPECT_EQ(json.error().code(), Code::kDataLoss);
  }
}

TEST(StrictJsonTest, LimitsDepthAndLength) {
  const std::string deep =
      R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(ParseStrictJson(deep).error().code(), Code::kDataLoss);
  std::string objects;
  for (int i = 0; i < 50'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(ParseStrictJson(objects).error().code(), Code::kDataLoss);
  const std::string long_text = R"({"a":")" + std::string(2 << 20, 'x') + "\"}";
  EXPECT_EQ(ParseStrictJson(long_text).error().code(),
            Code::kResourceExhausted);
}

TEST(JsonReaderTest, RemembersTheFirstFailure) {
  const auto json = nlohmann::json::parse(R"({"n":300,"h":"00zz","l":[1]})");
  JsonReader fields(json, "x");
  EXPECT_EQ(fields.Number("n", 255), 0U);
  EXPECT_EQ(fields.Hex("h", 2), std::vector<uint8_t>(2));
  fields.Texts("l");
  EXPECT_EQ(fields.Done().error().message(),
            "x.n is not a whole number up to 255");
}

TEST(JsonReaderTest, FindsKeysThatNobodyAskedFor) {
  const auto json = nlohmann::json::parse(R"({"a":1,"b":2})");
  JsonReader fields(json, "");
  fields.Number("a", 1);
  EXPECT_TRUE(fields.Done().has_value());
  EXPECT_FALSE(fields.DoneStrictly().has_value());
  fields.Number("b", 2);
  EXPECT_TRUE(fields.DoneStrictly().has_value());
}

TEST(JsonReaderTest, WhatIsNoObjectIsAFailure) {
  const auto json = nlohmann::json::parse("[1]");
  JsonReader fields(json, "x");
  EXPECT_EQ(fields.Text("a"), "");
  EXPECT_EQ(fields.Done().error().message(), "x is not an object");
}

}  // namespace
}  // namespace cmif::tee
