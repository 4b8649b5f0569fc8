// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cmif::model {
namespace {

using nlohmann::json;

Manifest Example() {
  Manifest manifest;
  manifest.facts = {.model_id = std::string(64, 'a'),
                    .name = "tiny",
                    .architecture = "bert",
                    .partition = std::string(kPartitionEmbedding),
                    .width = 64,
                    .vocabulary = 100,
                    .layers = 2,
                    .context = 512,
                    .table_type = "q8_0",
                    .tied = false,
                    .labels = {"negative", "positive"},
                    .body_sha256 = std::string(64, 'b')};
  manifest.body_bytes = 1000;
  manifest.bundle_bytes = 2000;
  manifest.bundle_sha256 = std::string(64, 'c');
  return manifest;
}

// The problem with the example's manifest after `key` became `value`.
std::string Problem(const char* key, const json& value) {
  json object = json::parse(ManifestToJson(Example()));
  object[key] = value;
  const auto parsed = ManifestFromJson(object.dump());
  return parsed ? "" : parsed.error().message();
}

TEST(ManifestTest, ComesBackAsWritten) {
  EXPECT_EQ(ManifestFromJson(ManifestToJson(Example())).value(), Example());
  EXPECT_EQ(FactsFromJson(FactsToJson(Example().facts)).value(),
            Example().facts);
}

TEST(ManifestTest, KindAndSizeOfClustersAreOptional) {
  Manifest manifest = Example();
  manifest.facts.clustering = "greedy";
  manifest.facts.cluster_size = 50;
  EXPECT_EQ(ManifestFromJson(ManifestToJson(manifest)).value(), manifest);
  json object = json::parse(ManifestToJson(manifest));
  object.erase("clustering");
  EXPECT_EQ(ManifestFromJson(object.dump())->facts.cluster_size, 0U);
  object = json::parse(ManifestToJson(manifest));
  for (const json& bad : {json(1), json(257), json("20"), json(-2)}) {
    object["cluster_size"] = bad;
    EXPECT_FALSE(ManifestFromJson(object.dump())) << bad;
  }
}

TEST(ManifestTest, NamesThatAreNoUtf8AreReplacedNotThrown) {
  Manifest manifest = Example();
  manifest.facts.name = "bad \xFF name";
  manifest.facts.labels = {"\xC3", "good"};
  const auto parsed = ManifestFromJson(ManifestToJson(manifest));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->facts.name, "bad \uFFFD name");
  EXPECT_EQ(FactsFromJson(FactsToJson(manifest.facts))->labels[1], "good");
}

TEST(ManifestTest, EveryMissingKeyIsNamed) {
  const json whole = json::parse(ManifestToJson(Example()));
  for (const auto& [key, value] : whole.items()) {
    json object = whole;
    object.erase(key);
    const auto parsed = ManifestFromJson(object.dump());
    ASSERT_FALSE(parsed.has_value()) << key;
    EXPECT_EQ(parsed.error().code(), Code::kDataLoss);
    EXPECT_NE(parsed.error().message().find("'" + key + "'"),
              std::string::npos);
  }
}

TEST(ManifestTest, ValuesOutOfRangeAreRefused) {
  for (const json& value : {json(0), json(-1), json(1e300), json("7"),
                            json(uint64_t{1} << 40), json(), json::array()}) {
    for (const char* key : {"width", "vocabulary", "layers", "context"}) {
      EXPECT_NE(Problem(key, value), "") << key << " " << value;
    }
  }
  EXPECT_NE(Problem("partition", "everything"), "");
  EXPECT_NE(Problem("model_id", "abc"), "");
  EXPECT_NE(Problem("model_id", std::string(64, 'A')), "");
  EXPECT_NE(Problem("tied", 1), "");
  EXPECT_NE(Problem("labels", json::array({1})), "");
  EXPECT_NE(Problem("labels", json::array({"a\nb"})), "");
  EXPECT_NE(Problem("labels", json::array({""})), "");
  EXPECT_NE(Problem("body", "body.gguf"), "");
  json body = json::parse(ManifestToJson(Example()))["body"];
  body["file"] = "../body.gguf";
  EXPECT_NE(Problem("body", body).find("'file'"), std::string::npos);
}

TEST(ManifestTest, OtherVersionsAreNamed) {
  EXPECT_NE(Problem("format_version", 2).find("format_version"),
            std::string::npos);
}

TEST(ManifestTest, WhatIsNoObjectIsRefused) {
  const std::string deep(100'000, '[');
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("7"),
        std::string("{}"), std::string("\xFF"), deep}) {
    EXPECT_FALSE(ManifestFromJson(text).has_value());
    EXPECT_FALSE(FactsFromJson(text).has_value());
  }
}

}  // namespace
}  // namespace cmif::model
