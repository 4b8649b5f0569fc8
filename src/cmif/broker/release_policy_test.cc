// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/release_policy.h"

#include <gtest/gtest.h>

#include "cmif/broker/testing/test_release.h"

namespace cmif::broker {
namespace {

using testing::PolicyText;
using testing::TestOwner;
using testing::TestRule;

const std::string kSnp =
    R"({"snp":{"measurements":[")" + std::string(96, '1') + R"("]}})";
TestRule GoodRule() { return {.platforms = kSnp}; }

Code CodeOf(const std::string& text) {
  const auto read = ReleasePolicy::Read(text);
  return read ? Code::kOk : read.error().code();
}

TEST(ReleasePolicyTest, ReadsWhatItSays) {
  TestRule rule = GoodRule();
  rule.configurations =
      R"("configurations":[")" + std::string(64, '2') + R"("])";
  const std::string text = PolicyText(
      {rule},
      R"(,"not_after":"2027-01-31T00:00:00Z","revoked":{"leases":["A1"],)"
      R"("platform_ids":["AB01"]})",
      7);
  const auto policy = ReleasePolicy::Read(text);
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(policy->text(), text);
  EXPECT_FALSE(policy->is_signed());
  EXPECT_EQ(policy->version(), 7U);
  EXPECT_FALSE(policy->simulated());
  EXPECT_EQ(policy->not_after()->seconds, 1801353600);
  ASSERT_EQ(policy->rules().size(), 1U);
  const ReleaseRule& read = policy->rules()[0];
  EXPECT_EQ(read.id, "rule");
  EXPECT_EQ(read.resource, testing::TestResource());
  EXPECT_EQ(read.platforms.base(), tee::PolicyBase::kDeployment);
  ASSERT_EQ(read.configurations.size(), 1U);
  EXPECT_EQ(read.configurations[0][0], 0x22);
  EXPECT_EQ(read.lease_seconds, 600U);
  EXPECT_EQ(read.max_rows, 1000U);
  EXPECT_EQ(read.rate_per_hour, 3U);
  EXPECT_TRUE(policy->RevokesLease("a1"));
  EXPECT_FALSE(policy->RevokesLease("a2"));
  EXPECT_TRUE(policy->RevokesPlatform("ab01"));
  EXPECT_FALSE(policy->RevokesPlatform("ab02"));
}

TEST(ReleasePolicyTest, WithoutRulesNothingIsAllowed) {
  const auto policy = ReleasePolicy::Read(PolicyText({}));
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_TRUE(policy->rules().empty());
}

TEST(ReleasePolicyTest, UnknownKeysAreErrorsAtEveryLevel) {
  EXPECT_EQ(CodeOf(PolicyText({}, R"(,"other":1)")), Code::kDataLoss);
  EXPECT_EQ(CodeOf(PolicyText({}, R"(,"revoked":{"other":[]})")),
            Code::kDataLoss);
  TestRule rule = GoodRule();
  rule.more = R"(,"other":1)";
  EXPECT_EQ(CodeOf(PolicyText({rule})), Code::kDataLoss);
  rule = GoodRule();
  rule.platforms = R"({"other":{}})";
  EXPECT_EQ(CodeOf(PolicyText({rule})), Code::kDataLoss);
}

TEST(ReleasePolicyTest, NumbersOutOfRangeAreErrors) {
  ASSERT_EQ(CodeOf(PolicyText({GoodRule()})), Code::kOk);
  for (const char* number :
       {"0", "-1", "1.5", "1e300", "\"1\"", "null", "99999999999"}) {
    TestRule lease = GoodRule();
    lease.lease_seconds = number;
    EXPECT_EQ(CodeOf(PolicyText({lease})), Code::kDataLoss) << number;
    TestRule rows = GoodRule();
    rows.max_rows = number;
    EXPECT_EQ(CodeOf(PolicyText({rows})), Code::kDataLoss) << number;
    TestRule rate = GoodRule();
    rate.rate_per_hour = number;
    EXPECT_EQ(CodeOf(PolicyText({rate})), Code::kDataLoss) << number;
  }
  EXPECT_EQ(CodeOf(PolicyText({}, {}, 0)), Code::kDataLoss);
}

TEST(ReleasePolicyTest, ARuleSaysWhichConfigurationsItAllows) {
  for (
      const char* wrong :
      {R"("configurations":[])", R"("allow_any_configuration":false)",
       R"("configurations":["22"])",
       R"("allow_any_configuration":true,"configurations":[")"
       R"(2222222222222222222222222222222222222222222222222222222222222222"])"}) {
    TestRule rule = GoodRule();
    rule.configurations = wrong;
    EXPECT_EQ(CodeOf(PolicyText({rule})), Code::kDataLoss) << wrong;
  }
}

TEST(ReleasePolicyTest, RulesPinWhatRuns) {
  for (const char* wrong :
       {R"({"snp":{},"allow_any_measurement":true})",
        R"({"snp":{"measurements":[]},"base":"inspection"})",
        R"({"snp":{"measurements":[]},"allow_unsigned_policy":true})", "[]"}) {
    TestRule rule = GoodRule();
    rule.platforms = wrong;
    EXPECT_EQ(CodeOf(PolicyText({rule})), Code::kDataLoss) << wrong;
  }
  TestRule nothing = GoodRule();
  nothing.platforms = R"({"snp":{}})";
  EXPECT_EQ(CodeOf(PolicyText({nothing})), Code::kFailedPrecondition);
}

TEST(ReleasePolicyTest, SimulatedAndRealAreNotMixed) {
  TestRule mixed = GoodRule();
  mixed.platforms = R"({"simulated":{},"allow_simulated":true,"snp":{}})";
  TestRule simulated = GoodRule();
  simulated.platforms = R"({"simulated":{},"allow_simulated":true})";
  const std::string allow = R"(,"allow_simulated":true)";
  EXPECT_EQ(CodeOf(PolicyText({mixed}, allow)), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(PolicyText({simulated})), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(PolicyText({GoodRule()}, allow)), Code::kFailedPrecondition);
}

TEST(ReleasePolicyTest, RuleIdsAreDistinct) {
  EXPECT_EQ(CodeOf(PolicyText({GoodRule(), GoodRule()})), Code::kDataLoss);
}

TEST(ReleasePolicyTest, OnlyTheOwnersSignatureCounts) {
  const TestOwner owner;
  const TestOwner other;
  const std::string text = PolicyText({GoodRule()});
  const std::string pem = owner.PublicPem();
  const std::string good = owner.Sign(text);
  const auto policy = ReleasePolicy::Read(text, good, pem);
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_TRUE(policy->is_signed());
  const auto code = [&](const std::optional<std::string>& signature,
                        const std::string& of) {
    return ReleasePolicy::Read(of, signature, pem).error().code();
  };
  EXPECT_EQ(code(other.Sign(text), text), Code::kUnauthenticated);
  EXPECT_EQ(code(std::nullopt, text), Code::kUnauthenticated);
  EXPECT_EQ(code(good.substr(1), text), Code::kUnauthenticated);
  EXPECT_EQ(code(good, text + " "), Code::kUnauthenticated);
  EXPECT_EQ(ReleasePolicy::Read(text, good, "no key").error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::broker
