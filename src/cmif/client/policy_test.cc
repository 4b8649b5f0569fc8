// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::client {
namespace {

using Public = PrivacyPolicy::Public;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LoadPolicyTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, std::string_view text) {
    const auto path = folder_ / name;
    EXPECT_TRUE(WriteFileAtomically(path, AsBytes(text)));
    return path.string();
  }
  static void ExpectRefused(const PolicyOptions& options,
                            std::string_view what) {
    const auto policy = LoadPolicy(options);
    ASSERT_FALSE(policy.has_value()) << what;
    EXPECT_THAT(policy.error().message(), HasSubstr(std::string(what)));
  }
  testing::TempFolder folder_;
};

TEST_F(LoadPolicyTest, DefaultsChangeNothing) {
  EXPECT_TRUE(LoadPolicy({})->ChangesNothing());
}

TEST_F(LoadPolicyTest, PublicSetsAreRead) {
  EXPECT_EQ(LoadPolicy({.public_set = "stopwords"})->public_set,
            Public::kStopWords);
  const auto frequent = LoadPolicy({.public_set = "frequent=0.25"}).value();
  EXPECT_EQ(frequent.public_set, Public::kFrequent);
  EXPECT_EQ(frequent.frequent, 0.25);
  const auto list = LoadPolicy({.public_set = Write("w", "The\nof\n")}).value();
  EXPECT_EQ(list.public_set, Public::kWords);
  EXPECT_THAT(list.public_words, ElementsAre("the", "of"));
}

TEST_F(LoadPolicyTest, BadPublicSetsAreRefused) {
  for (const char* text :
       {"frequent=0", "frequent=1", "frequent=", "frequent=x", "frequent=nan",
        "frequent=-0.1", "frequent=0.5x"}) {
    ExpectRefused({.public_set = text}, "--public");
  }
  ExpectRefused({.public_set = ""}, "--public");
  ExpectRefused({.public_set = "/nowhere"}, "--public");
  ExpectRefused({.public_set = Write("w", "two words\n")}, "line 1");
}

TEST_F(LoadPolicyTest, KindsAreRead) {
  const std::string file = Write("a=b:c", "Anna\nbert\n");
  const auto policy =
      LoadPolicy({.kinds = {"names=" + file + ":0.5", "years=digits4:2"}})
          .value();
  ASSERT_EQ(policy.kinds.size(), 2U);
  EXPECT_EQ(policy.kinds[0].name, "names");
  EXPECT_THAT(policy.kinds[0].words, ElementsAre("anna", "bert"));
  EXPECT_EQ(policy.kinds[0].epsilon.micro(), 500'000U);
  EXPECT_EQ(policy.kinds[1].digits, 4U);
  EXPECT_EQ(policy.kinds[1].epsilon.value(), 2);
}

TEST_F(LoadPolicyTest, BadKindsAreRefused) {
  const std::string file = Write("names", "anna\n");
  for (const std::string& text :
       {std::string(), std::string("names"), "names=" + file,
        "names=" + file + ":", "names=" + file + ":x", "names=" + file + ":0",
        "names=" + file + ":17", "names=" + file + ":nan", "=" + file + ":1",
        "Names=" + file + ":1", "na me=" + file + ":1",
        std::string(33, 'n') + "=" + file + ":1", std::string("names=:1"),
        std::string("names=/nowhere:1"), std::string("d=digits0:1"),
        std::string("d=digits65:1")}) {
    ExpectRefused({.kinds = {text}}, "--kind");
  }
  ExpectRefused({.kinds = {"n=" + file + ":1", "n=digits2:1"}}, "one name");
  ExpectRefused({.kinds = std::vector<std::string>(65, "n=digits2:1")}, "65");
}

TEST_F(LoadPolicyTest, BadCountsAreRefused) {
  ExpectRefused({.public_set = "frequent=0.1", .counts = "/nowhere"},
                "--counts");
  ExpectRefused(
      {.public_set = "frequent=0.1", .counts = Write("c", "a 1\nb -1\n")},
      "line 2");
}

TEST_F(LoadPolicyTest, CountsThatNothingUsesAreRefused) {
  const std::string file = Write("c", "a 1\n");
  ExpectRefused({.counts = file}, "frequent=");
  ExpectRefused({.public_set = "stopwords", .counts = file}, "frequent=");
}

}  // namespace
}  // namespace cmif::client
