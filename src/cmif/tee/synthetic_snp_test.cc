// SPDX-License-Identifier: Apache-2.0
// SEV-SNP evidence that no recorded machine gave: made here, correctly signed,
// and each time wrong in one thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_snp.h"

namespace cmif::tee {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MakeCrl;
using testing::Recorded;
using testing::RecordedCertificate;
using testing::TestSnp;

constexpr int64_t kDay = kSecondsPerDay;

TEST(SyntheticSnpTest, EveryProductIsAcceptedByDeployment) {
  for (const SnpProduct product :
       {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin}) {
    const TestSnp snp(product);
    const Verdict verdict = snp.Judge(snp.Deployment());
    EXPECT_THAT(verdict.Failures(), IsEmpty()) << SnpProductName(product);
    EXPECT_TRUE(verdict.accepted);
    EXPECT_EQ(verdict.Find("chain.revocation")->outcome, Outcome::kPass);
    EXPECT_FALSE(verdict.tcb.collateral_until.empty());
  }
}

TEST(SyntheticSnpTest, TurinsFmcCounts) {
  const TestSnp snp;
  EXPECT_THAT(snp.Judge(snp.Deployment(R"(,"minimum_tcb":{"Turin":{"fmc":1}})"))
                  .Failures(),
              IsEmpty());
  EXPECT_THAT(snp.Judge(snp.Deployment(R"(,"minimum_tcb":{"Turin":{"fmc":2}})"))
                  .Failures(),
              ElementsAre("snp.tcb_minimum"));
}

TEST(SyntheticSnpTest, ARevokedAskIsRefusedByBothPolicies) {
  TestSnp snp;
  snp.crls = {MakeCrl(snp.ark, {2}, {snp.now.seconds - kDay},
                      {snp.now.seconds + kDay})};
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
              ElementsAre("chain.revocation"));
  EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(),
              ElementsAre("chain.revocation"));
}

TEST(SyntheticSnpTest, AnExpiredCrlIsRefusedByBothPolicies) {
  TestSnp snp;
  snp.crls = {MakeCrl(snp.ark, {}, {snp.now.seconds - 2 * kDay},
                      {snp.now.seconds - kDay})};
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
              ElementsAre("chain.revocation"));
  EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(),
              ElementsAre("chain.revocation"));
}

TEST(SyntheticSnpTest, AForgedOrEarlyCrlIsNone) {
  TestSnp snp;
  const TestSnp other;
  for (const auto& crl : {MakeCrl(other.ark, {}, {snp.now.seconds - kDay},
                                  {snp.now.seconds + kDay}),
                          MakeCrl(snp.ark, {}, {snp.now.seconds + kDay},
                                  {snp.now.seconds + 2 * kDay})}) {
    snp.crls = {crl};
    EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
                ElementsAre("chain.revocation"));
    EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(), IsEmpty());
  }
}

TEST(SyntheticSnpTest, TheNewestCrlCounts) {
  TestSnp snp;
  snp.crls = {
      MakeCrl(snp.ark, {2}, {snp.now.seconds - 100}, {snp.now.seconds + kDay}),
      MakeCrl(snp.ark, {}, {snp.now.seconds - kDay}, {snp.now.seconds + kDay})};
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
              ElementsAre("chain.revocation"));
}

// A number that the report says instead, and the check that must fail.
struct Change {
  size_t at;
  uint8_t value;
  const char* failure;
};

TEST(SyntheticSnpTest, WhatTheGuestMustNotBeIsRefused) {
  for (const Change& change :
       {Change{0x0A, 0x0B, "debug"}, Change{0x0A, 0x07, "migratable"},
        Change{0x0A, 0x01, "evidence.reserved"},
        Change{0x0F, 0x80, "evidence.reserved"}, Change{0x30, 1, "snp.vmpl"},
        Change{0x30, 3, "snp.vmpl"}, Change{0x40, 0, "snp.alias_check"},
        Change{0x90, 0, "measurement"}, Change{0x48, 2, "snp.signing_key"}}) {
    TestSnp snp;
    const Policy policy = snp.Deployment();
    snp.Set(change.at, change.value);
    const Verdict verdict = snp.Judge(policy);
    EXPECT_THAT(verdict.Failures(), ElementsAre(change.failure)) << change.at;
    EXPECT_EQ(verdict.Find("signature")->outcome, Outcome::kPass);
  }
}

TEST(SyntheticSnpTest, AReportThatTheHostAskedForIsRefusedByBothPolicies) {
  TestSnp snp;
  snp.Set(0x30, uint32_t{0xFFFFFFFF});
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(), ElementsAre("snp.vmpl"));
  EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(),
              ElementsAre("snp.vmpl"));
}

TEST(SyntheticSnpTest, TheAliasBitMayBeAbsentInVersion2Alone) {
  TestSnp snp(SnpProduct::kMilan);
  snp.Set(0x40, uint8_t{0});
  EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(),
              ElementsAre("snp.alias_check"));
  snp.Set(0x00, uint8_t{2});
  EXPECT_THAT(snp.Judge(Policy::Inspection()).Failures(), IsEmpty());
}

TEST(SyntheticSnpTest, ATcbThatWasRolledBackIsRefused) {
  // Microcode: the platform runs 8, and says 9 was reported.
  TestSnp current;
  current.Set(0x38 + 7, uint8_t{8});
  EXPECT_THAT(current.Judge(current.Deployment()).Failures(),
              ElementsAre("snp.tcb_order"));
  TestSnp committed;
  committed.Set(0x1E0 + 7, uint8_t{10});
  EXPECT_THAT(committed.Judge(committed.Deployment()).Failures(),
              ElementsAre("snp.tcb_order"));
  // The reported level is not the one of the VCEK.
  TestSnp reported;
  reported.Set(0x180 + 7, uint8_t{8});
  EXPECT_THAT(reported.Judge(reported.Deployment()).Failures(),
              ElementsAre("snp.vek_tcb"));
  const TestSnp old;
  EXPECT_THAT(
      old.Judge(old.Deployment(R"(,"minimum_tcb":{"Turin":{"microcode":10}})"))
          .Failures(),
      ElementsAre("snp.tcb_minimum"));
}

TEST(SyntheticSnpTest, AnotherChipOrProductIsRefused) {
  TestSnp chip;
  chip.Set(0x1A0, uint8_t{0xC2});
  EXPECT_THAT(chip.Judge(chip.Deployment()).Failures(),
              ElementsAre("snp.vek_chip"));
  TestSnp product;
  product.Set(0x188, uint8_t{0x19});
  EXPECT_THAT(product.Judge(product.Deployment()).Failures(),
              ElementsAre("snp.product"));
  TestSnp unknown;
  unknown.Set(0x189, uint8_t{0x60});
  EXPECT_THAT(unknown.Judge(unknown.Deployment()).Failures(),
              ElementsAre("snp.product"));
}

TEST(SyntheticSnpTest, UnknownVersionsAreRefused) {
  TestSnp snp;
  snp.Set(0x00, uint32_t{6});
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
              ElementsAre("evidence.version"));
}

TEST(SyntheticSnpTest, ATimeOutsideOfTheCertificatesIsRefused) {
  TestSnp snp;
  snp.now = {4'000'000'001};
  EXPECT_THAT(snp.Judge(snp.Deployment()).Failures(),
              ElementsAre("chain.time", "chain.revocation"));
}

TEST(SyntheticSnpTest, RecordedReportsSignedByAWrongRootAreRefused) {
  for (const auto& [report, vek] :
       {std::pair{"gsg_milan_v2_report.bin", "gsg_milan_vcek.der"},
        {"coco_milan_report.bin", "coco_milan_vcek.der"},
        {"coco_vlek_report.bin", "coco_vlek.der"},
        {"derived_dstack_milan_v3_report.bin", "dstack_milan_v3_vcek.pem"},
        {"derived_coco_e2e_genoa_report.bin",
         "derived_coco_e2e_genoa_vcek.der"},
        {"teekit_gcp_v5_report.bin", "teekit_gcp_v5_vcek.pem"},
        {"teekit_gcp_v5_reportdata.bin", "teekit_gcp_v5_vcek.pem"}}) {
    TestSnp forged(RecordedCertificate(std::string("sev-snp/") + vek),
                   Recorded(std::string("sev-snp/") + report));
    forged.roots = VendorRoots();
    const Verdict verdict = forged.Judge(Policy::Inspection());
    EXPECT_EQ(verdict.Find("signature")->outcome, Outcome::kPass) << report;
    EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail) << report;
    EXPECT_FALSE(verdict.accepted) << report;
  }
}

TEST(SyntheticSnpTest, AnIntermediateThatIsNoAuthorityIsRefused) {
  TestSnp snp;
  const testing::Identity false_ask = testing::MakeIdentity(
      {.subject = "SEV-Turin", .kind = Ecdsa::kP384Sha384}, &snp.ark);
  snp.roots.amd[0].ask = false_ask.certificate;
  snp.roots.amd[0].asvk = false_ask.certificate;
  snp.vek =
      testing::MakeIdentity({.subject = "SEV-VCEK"}, &false_ask, snp.vek.key);
  EXPECT_EQ(snp.Judge(snp.Deployment()).Find("chain.trusted")->outcome,
            Outcome::kFail);
}

}  // namespace
}  // namespace cmif::tee
