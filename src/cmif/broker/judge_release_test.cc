// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/judge_release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/broker/collateral_floors.h"
#include "cmif/broker/testing/test_release.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_simulated.h"

namespace cmif::broker {
namespace {

using ::testing::HasSubstr;
using testing::PlatformsOf;
using testing::PolicyText;
using testing::TestRule;

std::string ConfigurationText(char model = 'a',
                              const char* partition = "embedding") {
  auto made = BoundConfiguration::Create({.model_id = std::string(64, model),
                                          .partition = partition,
                                          .allow_plain = true});
  return made ? made->text() : made.error().message();
}

std::string Listed(const std::string& configuration) {
  return R"("configurations":[")" +
         crypto::ToHex(crypto::Sha256Of(AsBytes(configuration))) + R"("])";
}

// A machine, its collateral, and a policy of one rule that lists it.
class JudgeReleaseTest : public ::testing::Test {
 protected:
  RuleDecision Judge(const std::string& more = {}) {
    tee::Endorsements endorsements;
    EXPECT_TRUE(endorsements.Add(snp_.vek.certificate.der()));
    for (const auto& crl : snp_.crls) EXPECT_TRUE(endorsements.Add(crl));
    if (rule_.platforms == "{}") rule_.platforms = PlatformsOf(snp_);
    policy_ = std::make_unique<ReleasePolicy>(
        ReleasePolicy::Read(PolicyText({rule_}, more)).value());
    const tee::Evidence evidence = snp_.Sign();
    const Presented presented{snp_.roots, evidence, endorsements, report_data_,
                              configuration_};
    auto decisions = JudgeRelease(*policy_, presented, snp_.now);
    floors_ = CollateralFloors(presented, decisions[0].verdict, snp_.now);
    return decisions[0];
  }
  void SetHostData(const crypto::Digest& hash) {
    std::ranges::copy(hash, snp_.report.begin() + 0xC0);
  }

  tee::testing::TestSnp snp_;
  TestRule rule_;
  std::optional<std::array<uint8_t, 64>> report_data_;
  std::optional<std::string> configuration_;
  std::unique_ptr<ReleasePolicy> policy_;
  Floors floors_;
};

TEST_F(JudgeReleaseTest, AListedMachineIsAllowed) {
  const RuleDecision decision = Judge();
  EXPECT_TRUE(decision.allowed) << decision.reason;
  EXPECT_EQ(decision.reason, "");
  ASSERT_EQ(decision.platform_ids.size(), 1U);
  EXPECT_EQ(decision.platform_ids[0],
            crypto::ToHex(std::span(snp_.report).subspan(0x1A0, 64)));
  EXPECT_FALSE(decision.configuration_sha256);
}

TEST_F(JudgeReleaseTest, AnotherMeasurementIsDenied) {
  rule_.platforms = PlatformsOf(snp_);
  snp_.report[0x90] ^= 1;
  const RuleDecision decision = Judge();
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("measurement"));
}

TEST_F(JudgeReleaseTest, AnotherReportDataIsDenied) {
  report_data_.emplace().fill(1);
  const RuleDecision decision = Judge();
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("report_data"));
}

TEST_F(JudgeReleaseTest, AnEndedPolicyDenies) {
  const RuleDecision decision = Judge(R"(,"not_after":"2026-01-31T00:00:00Z")");
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("2026-01-31"));
}

TEST_F(JudgeReleaseTest, ARevokedPlatformIsDenied) {
  const RuleDecision decision = Judge(
      R"(,"revoked":{"platform_ids":[")" +
      crypto::ToHex(std::span(snp_.report).subspan(0x1A0, 64)) + R"("]})");
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("revokes"));
}

TEST_F(JudgeReleaseTest, AListedConfigurationInHostDataIsAllowed) {
  const std::string text = ConfigurationText();
  rule_.configurations = Listed(text);
  SetHostData(crypto::Sha256Of(AsBytes(text)));
  configuration_ = text;
  const RuleDecision decision = Judge();
  EXPECT_TRUE(decision.allowed) << decision.reason;
  EXPECT_EQ(decision.configuration_sha256, crypto::Sha256Of(AsBytes(text)));
}

// The host chooses HOST_DATA; the client chooses what it runs with and sends.
TEST_F(JudgeReleaseTest, AListedConfigurationThatIsNotSentIsDenied) {
  const std::string text = ConfigurationText();
  rule_.configurations = Listed(text);
  EXPECT_THAT(Judge().reason, HasSubstr("no configuration"));
  SetHostData(crypto::Sha256Of(AsBytes(text)));
  const RuleDecision decision = Judge();
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("no configuration"));
}

TEST_F(JudgeReleaseTest, AnUnlistedConfigurationIsDenied) {
  rule_.configurations = Listed(ConfigurationText());
  configuration_ = ConfigurationText('a', "embedding+head");
  SetHostData(crypto::Sha256Of(AsBytes(*configuration_)));
  const RuleDecision decision = Judge();
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("not listed"));
}

TEST_F(JudgeReleaseTest, ASentConfigurationMustBeTheAttestedOne) {
  configuration_ = ConfigurationText();
  const RuleDecision decision = Judge();
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.reason, HasSubstr("HOST_DATA"));
}

TEST_F(JudgeReleaseTest, ASentConfigurationIsOneOfTheModel) {
  for (const std::string& text :
       {ConfigurationText('b'), std::string("{}"), " " + ConfigurationText()}) {
    configuration_ = text;
    SetHostData(crypto::Sha256Of(AsBytes(text)));
    EXPECT_FALSE(Judge().allowed) << text;
  }
}

TEST_F(JudgeReleaseTest, FloorsAreOfTheListThatCounts) {
  Judge();
  const std::string name = "crl " + snp_.ark.certificate.subject();
  ASSERT_EQ(floors_.size(), 1U);
  ASSERT_TRUE(floors_.contains(name));
  EXPECT_EQ(floors_[name],
            static_cast<uint64_t>(snp_.now.seconds - tee::kSecondsPerDay));
  // A list by somebody else is none.
  const tee::testing::TestSnp other;
  snp_.crls = other.crls;
  Judge();
  EXPECT_EQ(floors_[name], 0U);
}

// Simulated evidence, and a policy that says twice that it is for such: as a
// whole, and by the section of its rule.
TEST(JudgeReleaseSimulatedTest, IsAllowedByAPolicyForItAlone) {
  tee::testing::TestSimulated machine;
  const auto bytes = machine.Sign();
  const tee::Evidence evidence = tee::ReadEvidence(bytes).value();
  const tee::Endorsements none;
  const auto decide = [&](const std::string& allow) {
    const TestRule rule = {
        .platforms = R"({"simulated":{"keys":[")" +
                     crypto::ToHex(machine.key.public_key()) +
                     R"("],"measurements":[")" +
                     crypto::ToHex(std::span(machine.fields).subspan(8, 48)) +
                     R"("]})" + allow + "}"};
    const auto policy =
        ReleasePolicy::Read(PolicyText({rule}, R"(,"allow_simulated":true)"))
            .value();
    auto decision = JudgeRelease(policy, {tee::VendorRoots(), evidence, none},
                                 {1'800'000'000})[0];
    return std::pair(decision.allowed, decision.reason);
  };
  for (const char* allow : {"", R"(,"allow_simulated":true)"}) {
    const auto allowed = decide(allow);
    EXPECT_TRUE(allowed.first) << allowed.second;
  }
  const auto denied = decide(R"(,"allow_simulated":false)");
  EXPECT_FALSE(denied.first);
  EXPECT_THAT(denied.second, HasSubstr("policy.simulated"));
}

// A quote of a real machine, with Intel's collateral.
TEST(JudgeReleaseRecordedTest, AQuoteHasFloorsOfItsIssuersAndItsRating) {
  using namespace tee::testing;
  const tee::Evidence evidence = RecordedEvidence("sgx/phala_v3_quote.bin");
  const tee::Endorsements endorsements =
      RecordedEndorsements({"sgx/phala_v3_collateral.json"});
  const auto policy =
      ReleasePolicy::Read(
          PolicyText({{.platforms = R"({"sgx":{"enclaves":)"
                                    R"([{"mr_enclave":")" +
                                    std::string(64, '1') + R"("}]}})"}}))
          .value();
  const Presented presented{tee::VendorRoots(), evidence, endorsements};
  const tee::Time now = At("2025-07-01T00:00:00Z");
  const auto decisions = JudgeRelease(policy, presented, now);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_FALSE(decisions[0].allowed);
  EXPECT_THAT(decisions[0].reason, HasSubstr("measurement"));
  const Floors floors = CollateralFloors(presented, decisions[0].verdict, now);
  EXPECT_TRUE(floors.contains("crl Intel SGX Root CA"));
  EXPECT_EQ(floors.size(), 3U);
}

// Azure's blobs hold a report of the paravisor, not of the client.
TEST(JudgeReleaseRecordedTest, AnHclBlobIsAlwaysDenied) {
  using namespace tee::testing;
  const tee::Evidence evidence =
      RecordedEvidence("sev-snp/coco_azure_hcl_report.bin");
  const tee::Endorsements endorsements =
      RecordedEndorsements({"sev-snp/coco_azure_vcek_chain.pem"});
  const auto policy =
      ReleasePolicy::Read(
          PolicyText(
              {{.platforms =
                    R"({"snp":{"measurements":[")" +
                    crypto::ToHex(std::span(evidence.bytes).subspan(0x90, 48)) +
                    R"("],"allow_absent_crl":true,)"
                    R"("allow_absent_alias_check_in_version_2")"
                    R"(:true}})"}}))
          .value();
  const auto decisions =
      JudgeRelease(policy, {tee::VendorRoots(), evidence, endorsements},
                   At("2024-06-01T00:00:00Z"));
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_TRUE(decisions[0].verdict.accepted);
  EXPECT_FALSE(decisions[0].allowed);
  EXPECT_THAT(decisions[0].reason, HasSubstr("HCL"));
}

}  // namespace
}  // namespace cmif::broker
