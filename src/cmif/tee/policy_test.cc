// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/signing_key.h"
#include "cmif/tee/verify.h"

namespace cmif::tee {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Text(const std::string& more = "",
                 const std::string& base = "deployment") {
  return R"({"kind":"cmif-attestation-policy","name":"n","version":7,"base":")" +
         base + "\"" + more + "}";
}

const std::string kSnp =
    R"(,"snp":{"measurements":[")" + std::string(96, 'a') + R"("])";

TEST(PolicyTest, ReadsADeploymentPolicy) {
  const std::string text =
      Text(kSnp + R"(,"minimum_tcb":{"Turin":{"fmc":1,"snp":4}}})");
  const auto policy = Policy::Read(text);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_EQ(policy->name(), "n");
  EXPECT_EQ(policy->version(), 7U);
  EXPECT_EQ(policy->base(), PolicyBase::kDeployment);
  EXPECT_EQ(policy->sha256(), crypto::Sha256Of(AsBytes(text)));
  EXPECT_THAT(policy->relaxations(), IsEmpty());
  ASSERT_TRUE(policy->snp().has_value());
  EXPECT_THAT(policy->snp()->vmpl, ElementsAre(0));
  EXPECT_EQ(policy->snp()->measurements[0], std::vector<uint8_t>(48, 0xAA));
  EXPECT_EQ(policy->snp()->minimum_tcb.at(SnpProduct::kTurin),
            (SnpTcb{.fmc = 1, .snp = 4}));
  EXPECT_FALSE(policy->snp()->allow_absent_crl);
  EXPECT_FALSE(policy->snp()->allow_absent_alias_check_in_version_2);
  EXPECT_FALSE(policy->allow_any_measurement());
}

TEST(PolicyTest, InspectionIsDeploymentWithFourRelaxations) {
  const Policy& policy = Policy::Inspection();
  EXPECT_EQ(policy.base(), PolicyBase::kInspection);
  EXPECT_THAT(
      policy.relaxations(),
      ElementsAre("allow_any_measurement", "snp.vmpl 1", "snp.allow_absent_crl",
                  "snp.allow_absent_alias_check_in_version_2"));
  const auto same =
      Policy::Read(Text(R"(,"allow_any_measurement":true,"snp":{"vmpl":[0,1],)"
                        R"("allow_absent_crl":true,)"
                        R"("allow_absent_alias_check_in_version_2":true})"));
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->relaxations(), policy.relaxations());
}

TEST(PolicyTest, ABaseOfInspectionCanBeMadeStricter) {
  const auto policy = Policy::Read(
      Text(R"(,"snp":{"allow_absent_crl":false,"vmpl":[0]})", "inspection"));
  ASSERT_TRUE(policy.has_value());
  EXPECT_FALSE(policy->snp()->allow_absent_crl);
  EXPECT_THAT(policy->snp()->vmpl, ElementsAre(0));
}

TEST(PolicyTest, RefusesWhatItDoesNotKnow) {
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), Text(R"(,"extra":1)"),
        Text(kSnp + R"(,"allow_debug":true})"), Text(kSnp + R"(,"vmpl":[4]})"),
        Text(kSnp + R"(,"vmpl":[-1]})"), Text(kSnp + R"(,"vmpl":0})"),
        Text(kSnp + R"(,"minimum_report_version":1})"),
        Text(kSnp + R"(,"minimum_report_version":6})"),
        Text(kSnp + R"(,"minimum_tcb":{"Rome":{}}})"),
        Text(kSnp + R"(,"minimum_tcb":{"Milan":{"fmc":1}}})"),
        Text(kSnp + R"(,"minimum_tcb":{"Milan":{"snp":256}}})"),
        Text(R"(,"snp":{"measurements":["aa"]})"), Text(R"(,"snp":[])"),
        Text(kSnp + R"(,"allow_absent_crl":1})"), Text(R"(,"version":7)"),
        Text("", "production")}) {
    const auto policy = Policy::Read(text);
    ASSERT_FALSE(policy.has_value()) << text;
    EXPECT_EQ(policy.error().code(), Code::kDataLoss) << text;
  }
}

std::string Field(const char* key, size_t bytes) {
  return std::string("\"") + key + "\":\"" + std::string(2 * bytes, 'b') + '"';
}

std::string TdxImageOf(const std::string& fields) {
  return R"(,"tdx":{"images":[{)" + fields + "}]}";
}

TEST(PolicyTest, RefusesRulesThatPinNothing) {
  for (const std::string& rules :
       {std::string(R"(,"snp":{})"), std::string(R"(,"tdx":{})"),
        std::string(R"(,"sgx":{})"), TdxImageOf(Field("mr_td", 48)),
        TdxImageOf(Field("mr_td", 48) + "," + Field("rtmr1", 48)),
        TdxImageOf(Field("mr_td", 48) + "," + Field("rtmr2", 48) + "," +
                   Field("rtmr0", 48))}) {
    const auto policy = Policy::Read(Text(rules));
    ASSERT_FALSE(policy.has_value()) << rules;
    EXPECT_EQ(policy.error().code(), Code::kFailedPrecondition) << rules;
  }
}

TEST(PolicyTest, SimulatedEvidenceNeedsKeysAndMeasurements) {
  const auto simulated = [](const std::string& fields) {
    return Policy::Read(Text(R"(,"simulated":{)" + fields + "}"));
  };
  const std::string keys = R"("keys":[")" + std::string(64, 'e') + "\"]";
  const std::string measurements =
      R"("measurements":[")" + std::string(96, 'a') + "\"]";
  const auto policy = simulated(keys + "," + measurements);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_FALSE(policy->allow_simulated());
  EXPECT_THAT(policy->relaxations(), IsEmpty());
  EXPECT_EQ(simulated(keys).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(simulated(measurements).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(simulated(R"("keys":["ee"])").error().code(), Code::kDataLoss);
}

TEST(PolicyTest, ReadsRulesForIntelsPlatforms) {
  const auto policy = Policy::Read(
      Text(TdxImageOf(Field("mr_td", 48) + "," + Field("rtmr1", 48) + "," +
                      Field("rtmr2", 48)) +
           R"(,"sgx":{"enclaves":[{)" + Field("mr_signer", 32) +
           R"(,"product_id":7,"minimum_svn":2}]})"));
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_FALSE(policy->tdx()->images[0].rtmr[0].has_value());
  EXPECT_TRUE(policy->tdx()->images[0].rtmr[1].has_value());
  EXPECT_EQ(policy->sgx()->enclaves[0].product_id, 7);
  EXPECT_EQ(policy->sgx()->enclaves[0].minimum_svn, 2);
  EXPECT_THAT(policy->relaxations(), IsEmpty());
}

TEST(PolicyTest, RelaxationsForIntelsPlatformsAreListed) {
  const auto policy = Policy::Read(
      Text(R"(,"tdx":{"allow_clear_sept_ve_disable":true,"service_tds":[")" +
           std::string(96, 'c') + R"("],"images":[{)" + Field("mr_td", 48) +
           R"(,"mr_td_implies_rtmrs":true}]},"intel":{"allow_statuses":)"
           R"(["SWHardeningNeeded"],"allow_advisories":["INTEL-SA-1"],)"
           R"("collateral_grace_days":3})"));
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_THAT(policy->relaxations(),
              ElementsAre("tdx.images.mr_td_implies_rtmrs", "tdx.service_tds",
                          "tdx.allow_clear_sept_ve_disable",
                          "intel.allow_statuses SWHardeningNeeded",
                          "intel.allow_advisories INTEL-SA-1",
                          "intel.collateral_grace_days 3"));
}

TEST(PolicyTest, SomeStatusesCannotBeAllowed) {
  for (const char* status :
       {"OutOfDate", "OutOfDateConfigurationNeeded", "TDRelaunchAdvised",
        "Revoked", "NotSupported", "UpToDate ", ""}) {
    EXPECT_FALSE(
        Policy::Read(Text(std::string(R"(,"intel":{"allow_statuses":[")") +
                          status + R"("]})"))
            .has_value())
        << status;
  }
  EXPECT_FALSE(Policy::Read(Text(R"(,"intel":{"collateral_grace_days":91})"))
                   .has_value());
}

TEST(PolicyTest, IsSignedOnlyByTheOwner) {
  const std::string text = Text(kSnp + "}");
  const testing::SigningKey owner = testing::SigningKey::Ed25519();
  const testing::SigningKey other = testing::SigningKey::Ed25519();
  const auto signature = owner.Sign(AsBytes(text));
  const std::string pem = owner.PublicPem();
  const std::string signed_text(AsText(signature));
  EXPECT_EQ(Policy::Read(text, signed_text, pem)->signature(),
            Policy::Signature::kGood);
  EXPECT_EQ(Policy::Read(text + " ", signed_text, pem)->signature(),
            Policy::Signature::kBad);
  EXPECT_EQ(Policy::Read(text, signed_text, other.PublicPem())->signature(),
            Policy::Signature::kBad);
  EXPECT_EQ(Policy::Read(text, std::nullopt, pem)->signature(),
            Policy::Signature::kBad);
  EXPECT_EQ(Policy::Read(text, signed_text)->signature(),
            Policy::Signature::kNone);
  EXPECT_EQ(Policy::Read(text, signed_text, "no key").error().code(),
            Code::kInvalidArgument);
}

Outcome SignatureCheck(const Policy& policy) {
  const auto evidence =
      testing::RecordedEvidence("sev-snp/coco_milan_report.bin");
  return Verify(evidence, {}, policy, {}, {}).Find("policy.signature")->outcome;
}

TEST(PolicyTest, AnUnsignedPolicyDecidesOnlyWhereItSaysSoAndNoKeyIsGiven) {
  const std::string strict = Text(kSnp + "}");
  const std::string loose = Text(kSnp + R"(},"allow_unsigned_policy":true)");
  EXPECT_EQ(SignatureCheck(*Policy::Read(strict)), Outcome::kFail);
  EXPECT_EQ(SignatureCheck(*Policy::Read(loose)), Outcome::kReported);
  const std::string key = testing::SigningKey::Ed25519().PublicPem();
  EXPECT_EQ(SignatureCheck(*Policy::Read(loose, "", key)), Outcome::kFail);
  EXPECT_THAT(Policy::Read(loose)->relaxations(),
              ElementsAre("allow_unsigned_policy"));
  EXPECT_EQ(SignatureCheck(Policy::Inspection()), Outcome::kPass);
}

}  // namespace
}  // namespace cmif::tee
