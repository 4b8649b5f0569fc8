// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/tee/snp_report.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/verify.h"

namespace cmif::tee {
namespace {

using testing::At;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RecordedEndorsements;
using testing::RecordedEvidence;

// A recorded report, what endorses it, and what `inspection` must find.
struct Vector {
  const char* report;
  const char* vek;
  const char* at;
  std::vector<std::string> failures;
};

std::vector<Vector> Vectors() {
  return {
      {"gsg_milan_v2_report.bin",
       "gsg_milan_vcek.der",
       "2023-06-01T00:00:00Z",
       {"debug"}},
      {"coco_milan_report.bin",
       "coco_milan_vcek.der",
       "2024-01-01T00:00:00Z",
       {}},
      {"coco_vlek_report.bin", "coco_vlek.der", "2025-03-01T00:00:00Z", {}},
      {"coco_vlek_report.bin",
       "coco_vlek.der",
       "2025-12-11T00:00:00Z",
       {"chain.time"}},
      {"derived_dstack_milan_v3_report.bin",
       "dstack_milan_v3_vcek.pem",
       "2026-07-01T00:00:00Z",
       {}},
      {"derived_dstack_milan_v3_report.bin",
       "dstack_milan_v3_vcek.pem",
       "2026-06-16T00:00:00Z",
       {"chain.time"}},
      {"coco_azure_hcl_report.bin",
       "coco_azure_vcek_chain.pem",
       "2024-06-01T00:00:00Z",
       {}},
      {"derived_coco_e2e_genoa_report.bin",
       "derived_coco_e2e_genoa_vcek.der",
       "2025-08-01T00:00:00Z",
       {}},
      {"teekit_gcp_v5_report.bin",
       "teekit_gcp_v5_vcek.pem",
       "2026-07-01T00:00:00Z",
       {}},
      {"teekit_gcp_v5_reportdata.bin",
       "teekit_gcp_v5_vcek.pem",
       "2026-07-01T00:00:00Z",
       {}},
  };
}

struct Given {
  Evidence evidence;
  Endorsements endorsements;
  Time now;
};

Given Load(const Vector& vector) {
  return {RecordedEvidence(std::string("sev-snp/") + vector.report),
          RecordedEndorsements({std::string("sev-snp/") + vector.vek}),
          At(vector.at)};
}

Verdict Inspect(const Given& given, const Expectations& expectations = {}) {
  return Verify(given.evidence, given.endorsements, Policy::Inspection(),
                expectations, given.now);
}

Given Milan() { return Load(Vectors()[1]); }
Given GcpV5() { return Load(Vectors()[9]); }

Verdict Judge(const Given& given, const std::string& policy_json) {
  auto policy = Policy::Read(policy_json);
  EXPECT_TRUE(policy.has_value()) << policy.error().message();
  return Verify(given.evidence, given.endorsements, *policy, {}, given.now);
}

std::string DeploymentPolicy(const std::string& snp) {
  return R"({"kind":"cmif-attestation-policy","name":"test","version":1,)"
         R"("base":"deployment","allow_unsigned_policy":true,"snp":{)" +
         snp + "}}";
}

std::string MeasurementOf(const Given& given) {
  return R"("measurements":[")" +
         crypto::ToHex(SnpReport::Parse(given.evidence.bytes)->measurement) +
         R"("])";
}

TEST(VerifySnpTest, EveryRecordedReportGetsItsVerdict) {
  for (const Vector& vector : Vectors()) {
    const Verdict verdict = Inspect(Load(vector));
    EXPECT_EQ(verdict.Failures(), vector.failures) << vector.report;
    EXPECT_EQ(verdict.accepted, vector.failures.empty()) << vector.report;
    EXPECT_EQ(verdict.platform, "snp");
  }
}

TEST(VerifySnpTest, EveryFlippedByteBreaksTheSignature) {
  for (const Vector& vector : Vectors()) {
    Given given = Load(vector);
    for (size_t i = 0; i < SnpReport::kSignedBytes; ++i) {
      given.evidence.bytes[i] ^= static_cast<uint8_t>(1 << (i % 8));
      const Verdict verdict = Inspect(given);
      ASSERT_EQ(verdict.Find("signature")->outcome, Outcome::kFail)
          << vector.report << " byte " << i;
      ASSERT_FALSE(verdict.accepted);
      given.evidence.bytes[i] ^= static_cast<uint8_t>(1 << (i % 8));
    }
  }
}

TEST(VerifySnpTest, EveryFlippedByteOfTheSignatureIsRefused) {
  Given given = Milan();
  for (size_t i = SnpReport::kSignedBytes; i < SnpReport::kBytes; ++i) {
    given.evidence.bytes[i] ^= 0x10;
    ASSERT_THAT(Inspect(given).Failures(), ElementsAre("signature")) << i;
    given.evidence.bytes[i] ^= 0x10;
  }
}

TEST(VerifySnpTest, WithoutTheVekNothingIsAccepted) {
  Given given = Milan();
  given.endorsements = {};
  const Verdict verdict = Inspect(given);
  EXPECT_FALSE(verdict.accepted);
  EXPECT_EQ(verdict.Find("signature")->outcome, Outcome::kFail);
  EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail);
}

TEST(VerifySnpTest, AnotherChipsVekIsRefused) {
  Given given = Milan();
  given.endorsements = RecordedEndorsements({"sev-snp/gsg_milan_vcek.der"});
  EXPECT_THAT(Inspect(given).Failures(),
              ElementsAre("signature", "snp.vek_tcb", "snp.vek_chip"));
}

TEST(VerifySnpTest, OfManyVeksTheRightOneIsUsed) {
  Given given = Milan();
  given.endorsements = RecordedEndorsements(
      {"sev-snp/gsg_milan_vcek.der", "sev-snp/virtee_turin_vcek.der",
       "sev-snp/coco_milan_vcek.der", "sev-snp/teekit_gcp_v5_vcek.pem"});
  EXPECT_TRUE(Inspect(given).accepted);
}

TEST(VerifySnpTest, ATamperedVekIsRefused) {
  Given given = Milan();
  given.endorsements =
      RecordedEndorsements({"sev-snp/coco_vcek_invalid_new.der"});
  const Verdict verdict = Inspect(given);
  EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail);
}

TEST(VerifySnpTest, RootsOfAnotherLineAreRefused) {
  const Given given = Milan();
  Roots roots = VendorRoots();
  roots.amd.erase(roots.amd.begin());
  const Verdict verdict =
      VerifyAgainst(roots, given.evidence, given.endorsements,
                    Policy::Inspection(), {}, given.now);
  EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail);
}

TEST(VerifySnpTest, ReportDataIsComparedWhole) {
  const Given given = GcpV5();
  Expectations expectations;
  expectations.report_data =
      SnpReport::Parse(given.evidence.bytes)->report_data;
  EXPECT_TRUE(Inspect(given, expectations).accepted);
  (*expectations.report_data)[63] ^= 1;
  EXPECT_THAT(Inspect(given, expectations).Failures(),
              ElementsAre("report_data"));
}

TEST(VerifySnpTest, RuntimeClaimsMustBeThoseOfTheReport) {
  Given given = Load(Vectors()[6]);
  given.evidence.runtime_claims->back() ^= 1;
  EXPECT_THAT(Inspect(given).Failures(), ElementsAre("hcl.claims"));
}

TEST(VerifySnpTest, TrailingBytesAreRefused) {
  std::vector<uint8_t> file =
      testing::Recorded("sev-snp/coco_milan_report.bin");
  Given given = Milan();
  file.resize(file.size() + 100);
  given.evidence = *ReadEvidence(file);
  EXPECT_TRUE(Inspect(given).accepted);
  file.back() = 1;
  given.evidence = *ReadEvidence(file);
  EXPECT_THAT(Inspect(given).Failures(), ElementsAre("evidence.trailing"));
}

TEST(VerifySnpTest, InspectionSaysWhatItTolerates) {
  const Verdict verdict = Inspect(Milan());
  for (const char* id :
       {"chain.revocation", "snp.alias_check", "measurement"}) {
    EXPECT_EQ(verdict.Find(id)->outcome, Outcome::kReported) << id;
  }
  EXPECT_THAT(
      verdict.policy.relaxations,
      ElementsAre("allow_any_measurement", "snp.vmpl 1", "snp.allow_absent_crl",
                  "snp.allow_absent_alias_check_in_version_2"));
}

TEST(VerifySnpTest, DeploymentDemandsWhatInspectionTolerates) {
  const Given milan = Milan();
  EXPECT_THAT(Judge(milan, DeploymentPolicy(MeasurementOf(milan))).Failures(),
              ElementsAre("chain.revocation", "snp.alias_check"));
  const Given gcp = GcpV5();
  EXPECT_THAT(Judge(gcp, DeploymentPolicy(R"("measurements":[")" +
                                          std::string(96, '0') + R"("])"))
                  .Failures(),
              ElementsAre("chain.revocation", "snp.vmpl", "measurement"));
  EXPECT_TRUE(Judge(gcp, DeploymentPolicy(MeasurementOf(gcp) +
                                          R"(,"vmpl":[1],)"
                                          R"("allow_absent_crl":true)"))
                  .accepted);
}

TEST(VerifySnpTest, RulesForThePlatformAreKept) {
  const Given given = GcpV5();
  const std::string base =
      MeasurementOf(given) + R"(,"vmpl":[1],"allow_absent_crl":true,)";
  for (const auto& [rule, check] :
       {std::pair{"\"host_data\":[\"" + std::string(64, '1') + "\"]",
                  "snp.host_data"},
        std::pair{"\"chip_ids\":[\"" + std::string(128, '1') + "\"]",
                  "platform_id"},
        std::pair{"\"id_key_digests\":[\"" + std::string(96, '1') + "\"]",
                  "snp.id_key_digest"},
        std::pair{std::string(R"("require_single_socket":true)"),
                  "snp.single_socket"},
        std::pair{std::string(R"("require_smt_off":true)"), "snp.smt_off"},
        std::pair{std::string(R"("require_ciphertext_hiding":true)"),
                  "snp.ciphertext_hiding"},
        std::pair{std::string(R"("minimum_tcb":{"Milan":{"microcode":223}})"),
                  "snp.tcb_minimum"}}) {
    EXPECT_THAT(Judge(given, DeploymentPolicy(base + rule)).Failures(),
                ElementsAre(check))
        << rule;
  }
  EXPECT_THAT(
      Judge(given, DeploymentPolicy(
                       base + R"("minimum_tcb":{"Milan":{"microcode":222}})"))
          .Failures(),
      IsEmpty());
}

TEST(VerifySnpTest, AMaskedChipIsNoListedPlatform) {
  const Given given = Load(Vectors()[2]);  // a VLEK masks the chip
  const std::string rules = MeasurementOf(given) +
                            R"(,"vmpl":[1],"allow_absent_crl":true,)"
                            R"("chip_ids":[")" +
                            std::string(128, '0') + R"("])";
  EXPECT_THAT(Judge(given, DeploymentPolicy(rules)).Failures(),
              ElementsAre("platform_id"));
}

TEST(VerifySnpTest, CommittedMayDifferUnlessThePolicySaysSo) {
  const Given given = Load(Vectors()[2]);
  EXPECT_EQ(Inspect(given).Find("snp.tcb_committed")->outcome,
            Outcome::kReported);
  const std::string rules = MeasurementOf(given) +
                            R"(,"vmpl":[1],"allow_absent_crl":true,)"
                            R"("require_committed_tcb":true)";
  EXPECT_THAT(Judge(given, DeploymentPolicy(rules)).Failures(),
              ElementsAre("snp.tcb_committed"));
}

TEST(VerifySnpTest, APolicyWithoutRulesForSnpRefusesIt) {
  const Given given = Milan();
  const Verdict verdict = Judge(
      given, R"({"kind":"cmif-attestation-policy","name":"none","version":1,)"
             R"("base":"inspection","allow_unsigned_policy":true})");
  EXPECT_THAT(verdict.Failures(),
              ElementsAre("chain.revocation", "policy.platform"));
}

TEST(VerifySnpTest, VersionsOutsideOfTwoToFiveAreRefused) {
  for (const uint8_t version : {0, 1, 6, 200}) {
    Given given = GcpV5();
    given.evidence.bytes[0] = version;
    EXPECT_EQ(Inspect(given).Find("evidence.version")->outcome, Outcome::kFail);
  }
  const Given milan = Milan();
  EXPECT_EQ(Judge(milan, DeploymentPolicy(MeasurementOf(milan) +
                                          R"(,"minimum_report_version":3)"))
                .Find("evidence.version")
                ->outcome,
            Outcome::kFail);
}

}  // namespace
}  // namespace cmif::tee
