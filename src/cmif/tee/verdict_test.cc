// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cmif::tee {
namespace {

using ::testing::ElementsAre;

Verdict Complete() {
  Verdict verdict;
  for (const char* id : {"policy.signature", "evidence.version",
                         "chain.trusted", "chain.time", "signature"}) {
    verdict.Require(true, id, "seen", "wanted");
  }
  return verdict;
}

TEST(VerdictTest, AcceptsOnlyWhatIsCompleteAndHasNoFailure) {
  Verdict empty;
  empty.Decide();
  EXPECT_FALSE(empty.accepted);
  Verdict good = Complete();
  good.Report("extra", "seen", "wanted");
  good.Decide();
  EXPECT_TRUE(good.accepted);
  Verdict bad = Complete();
  bad.Require(false, "extra", "seen", "wanted");
  bad.Decide();
  EXPECT_FALSE(bad.accepted);
  EXPECT_THAT(bad.Failures(), ElementsAre("extra"));
  for (size_t missing = 0; missing < 5; ++missing) {
    Verdict some = Complete();
    some.checks.erase(some.checks.begin() + static_cast<ptrdiff_t>(missing));
    some.Decide();
    EXPECT_FALSE(some.accepted) << missing;
  }
}

TEST(VerdictTest, ToleratedFailuresAreReported) {
  Verdict verdict;
  verdict.RequireUnless(true, false, "a", "", "");
  verdict.RequireUnless(true, true, "b", "", "");
  verdict.RequireUnless(false, false, "c", "", "");
  EXPECT_EQ(verdict.Find("a")->outcome, Outcome::kReported);
  EXPECT_EQ(verdict.Find("b")->outcome, Outcome::kPass);
  EXPECT_EQ(verdict.Find("c")->outcome, Outcome::kFail);
  EXPECT_EQ(verdict.Find("d"), nullptr);
}

TEST(VerdictTest, JsonHasEveryPart) {
  Verdict verdict = Complete();
  verdict.platform = "snp";
  verdict.AddClaim("none", ClaimValue{});
  verdict.AddClaim("yes", true);
  verdict.AddClaim("number", uint64_t{7});
  verdict.AddClaim("bytes", std::vector<uint8_t>{1, 0xAB});
  verdict.AddClaim("text", std::string("\xFF\x1b"));
  verdict.Decide();
  const auto json = nlohmann::json::parse(VerdictToJson(verdict));
  EXPECT_EQ(json["accepted"], true);
  EXPECT_EQ(json["platform"], "snp");
  EXPECT_EQ(json["checks"].size(), 5U);
  EXPECT_EQ(json["checks"][0]["result"], "pass");
  EXPECT_TRUE(json["claims"]["none"].is_null());
  EXPECT_EQ(json["claims"]["yes"], true);
  EXPECT_EQ(json["claims"]["number"], 7);
  EXPECT_EQ(json["claims"]["bytes"], "01ab");
  EXPECT_TRUE(json["tcb"]["status"].is_null());
  EXPECT_EQ(json["policy"]["sha256"], std::string(64, '0'));
}

}  // namespace
}  // namespace cmif::tee
