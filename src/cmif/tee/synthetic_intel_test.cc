// SPDX-License-Identifier: Apache-2.0
// Quotes that no recorded machine gave: made here, correctly signed, and each
// time wrong in one thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/pck.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_intel.h"

namespace cmif::tee {
namespace {

using testing::Bytes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RecordedEvidence;
using testing::TestIntel;
using Kind = TestIntel::Kind;

constexpr Kind kKinds[] = {Kind::kSgx, Kind::kTdx10, Kind::kTdx15};

void Replace(std::string& text, const std::string& from,
             const std::string& to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST(SyntheticIntelTest, EveryKindIsAccepted) {
  for (const Kind kind : kKinds) {
    const Verdict verdict = TestIntel(kind).Judge();
    EXPECT_THAT(verdict.Failures(), IsEmpty());
    EXPECT_TRUE(verdict.accepted);
    EXPECT_EQ(verdict.tcb.status, "UpToDate");
    EXPECT_EQ(verdict.tcb.evaluation_number, 20U);
  }
}

TEST(SyntheticIntelTest, ARevokedPckIsRefused) {
  for (const Kind kind : kKinds) {
    TestIntel intel(kind);
    intel.revoked_by_pck_ca = {3};
    EXPECT_THAT(intel.Judge().Failures(), ElementsAre("chain.revocation"));
  }
}

TEST(SyntheticIntelTest, ARevokedPckCaOrTcbSignerIsRefused) {
  TestIntel ca;
  ca.revoked_by_root = {2};
  EXPECT_THAT(ca.Judge().Failures(), ElementsAre("chain.revocation"));
  TestIntel signer;
  signer.revoked_by_root = {4};
  EXPECT_THAT(signer.Judge().Failures(),
              ElementsAre("collateral.chain.revocation"));
}

TEST(SyntheticIntelTest, DebugAndMigratableAreRefusedByBothPolicies) {
  TestIntel sgx(Kind::kSgx);
  sgx.Body(48) |= 2;
  EXPECT_THAT(sgx.Judge().Failures(), ElementsAre("debug"));
  TestIntel td;
  td.Body(120) |= 1;
  EXPECT_THAT(td.Judge().Failures(), ElementsAre("debug"));
  TestIntel group;
  group.Body(120) |= 0x40;  // all of the group makes a TD untrusted
  EXPECT_THAT(group.Judge().Failures(),
              ElementsAre("evidence.reserved", "debug"));
  TestIntel migratable;
  migratable.Body(123) |= 0x20;
  EXPECT_THAT(migratable.Judge().Failures(), ElementsAre("migratable"));
}

TEST(SyntheticIntelTest, OtherAttributesAreRefused) {
  TestIntel sept;
  sept.Body(123) = 0;
  EXPECT_THAT(sept.Judge().Failures(), ElementsAre("tdx.sept_ve_disable"));
  TestIntel unknown;
  unknown.Body(124) = 1;
  EXPECT_THAT(unknown.Judge().Failures(), ElementsAre("evidence.reserved"));
  TestIntel xfam;
  xfam.Body(128) = 1;
  EXPECT_THAT(xfam.Judge().Failures(), ElementsAre("evidence.reserved"));
  TestIntel service;
  service.Body(600) = 1;
  EXPECT_THAT(service.Judge().Failures(), ElementsAre("tdx.service_td"));
  TestIntel sgx(Kind::kSgx);
  sgx.Body(48) = 1;
  EXPECT_THAT(sgx.Judge().Failures(), ElementsAre("sgx.attributes"));
}

TEST(SyntheticIntelTest, AModuleThatIntelDoesNotNameIsRefused) {
  TestIntel signer;
  signer.Body(64) = 1;  // MRSIGNERSEAM
  EXPECT_THAT(signer.Judge().Failures(), ElementsAre("tdx.module"));
  TestIntel attributes;
  attributes.Body(112) = 1;
  EXPECT_THAT(attributes.Judge().Failures(), ElementsAre("tdx.module"));
  TestIntel version;
  version.Body(1) = 2;
  EXPECT_THAT(version.Judge().Failures(),
              ElementsAre("tdx.module", "tcb.status"));
}

TEST(SyntheticIntelTest, ATcbThatWasRolledBackIsRefused) {
  TestIntel module;
  module.Body(0) = 4;
  module.Body(584) = 4;
  EXPECT_THAT(module.Judge().Failures(), ElementsAre("tcb.status"));
  EXPECT_EQ(module.Judge().tcb.status, "OutOfDate");
  TestIntel platform;
  platform.Body(2) = 4;
  EXPECT_EQ(platform.Judge().tcb.status, "OutOfDate");
  TestIntel qe;
  qe.qe_report[258] = 2;
  EXPECT_EQ(qe.Judge().tcb.status, "OutOfDate");
  TestIntel ancient;
  ancient.Body(2) = 2;
  EXPECT_EQ(ancient.Judge().tcb.status, "NotSupported");
  for (const TestIntel* intel : {&platform, &qe, &ancient}) {
    EXPECT_THAT(intel->Judge().Failures(), ElementsAre("tcb.status"));
  }
}

TEST(SyntheticIntelTest, ATdOfAnOldModuleIsAdvisedToRelaunch) {
  TestIntel intel;
  intel.Body(0) = 4;
  EXPECT_EQ(intel.Judge().tcb.status, "TDRelaunchAdvised");
  EXPECT_THAT(intel.Judge().Failures(), ElementsAre("tcb.status"));
}

TEST(SyntheticIntelTest, AnotherQuotingEnclaveIsRefused) {
  for (const auto& [at, value] : {std::pair<size_t, uint8_t>{128, 0xD1},
                                  {256, 1},
                                  {48, 0x13},
                                  {48, 0x01},
                                  {16, 1}}) {
    TestIntel intel;
    intel.qe_report[at] = value;
    EXPECT_THAT(intel.Judge().Failures(), ElementsAre("qe.identity")) << at;
  }
}

TEST(SyntheticIntelTest, CollateralForOthersIsNotUsed) {
  TestIntel fmspc;
  Replace(fmspc.tcb_info, "F5F5F5F5F5F5", "F5F5F5F5F5F6");
  EXPECT_THAT(fmspc.Judge().Failures(), Contains("collateral.tcb_info"));
  TestIntel pce;
  Replace(pce.tcb_info, "\"pceId\":\"0000\"", "\"pceId\":\"0001\"");
  EXPECT_THAT(pce.Judge().Failures(), Contains("collateral.tcb_info"));
  TestIntel sgx(Kind::kSgx);
  const TestIntel tdx;
  sgx.tcb_info = tdx.tcb_info;
  EXPECT_THAT(sgx.Judge().Failures(), Contains("collateral.tcb_info"));
  sgx = TestIntel(Kind::kSgx);
  sgx.qe_identity = tdx.qe_identity;
  EXPECT_THAT(sgx.Judge().Failures(), Contains("collateral.qe_identity"));
}

TEST(SyntheticIntelTest, ExpiredAndEarlyCollateralIsRefused) {
  for (const int64_t days : {-2, 2}) {
    TestIntel intel;
    const TestIntel other;
    const Endorsements collateral = intel.Collateral();
    const Time then = {intel.now.seconds + days * kSecondsPerDay};
    const Verdict verdict =
        VerifyAgainst(intel.roots, *ReadEvidence(intel.Sign()), collateral,
                      Policy::Inspection(), {}, then);
    EXPECT_THAT(verdict.Failures(),
                ElementsAre("chain.revocation", "collateral.tcb_info",
                            "collateral.qe_identity",
                            "collateral.chain.revocation", "tcb.status"));
  }
}

TEST(SyntheticIntelTest, CollateralSignedByAnotherIsRefused) {
  TestIntel intel;
  const TestIntel other;
  intel.tcb_signer.key = other.tcb_signer.key;
  EXPECT_THAT(intel.Judge().Failures(),
              ElementsAre("collateral.tcb_info", "collateral.qe_identity",
                          "tcb.status"));
  TestIntel foreign;
  foreign.tcb_signer = other.tcb_signer;
  EXPECT_THAT(foreign.Judge().Failures(),
              ElementsAre("collateral.tcb_info", "collateral.qe_identity",
                          "collateral.chain.trusted", "tcb.status"));
}

TEST(SyntheticIntelTest, ALeafThatIsNoPckIsRefused) {
  TestIntel intel;
  intel.pck = testing::MakeIdentity({.subject = "Intel SGX TCB Signing"},
                                    &intel.pck_ca);
  EXPECT_THAT(intel.Judge().Failures(),
              ElementsAre("intel.pck_subject", "intel.pck_extension"));
  EXPECT_FALSE(intel.Judge().accepted);
}

// The PCK extension of a recorded quote.
Bytes PckExtensionOf(const Quote& quote) {
  return *CertificatesFromPem(AsText(quote.certificates))
              ->at(0)
              .Extension(kPckExtensionOid);
}

TEST(SyntheticIntelTest, RecordedQuotesSignedByAWrongRootAreRefused) {
  for (const char* name :
       {"tdx/gtg_v4_quote.dat", "tdx/gtg_v5_quote.dat",
        "tdx/gtg_cos113_quote.dat", "tdx/phala_v4_quote.bin",
        "tdx/phala_v4_outdated_quote.bin", "tdx/phala_tappd_quote.hex",
        "tdx/oe_v4_quote.bin", "tdx/oe_v4_seamldr5_quote.dat",
        "tdx/coco_v4_quote.dat", "tdx/coco_v5_quote.dat",
        "tdx/coco_azure_quote.bin", "tdx/teekit_azure_v4_quote.b64",
        "sgx/phala_v3_quote.bin", "sgx/oe_v3_quote.bin",
        "sgx/coco_occlum_v3_quote.dat", "sgx/teekit_tlsndev_v3_quote.dat"}) {
    const Evidence recorded = RecordedEvidence(name);
    const Quote quote = *Quote::Parse(recorded.bytes);
    TestIntel forged(quote, PckExtensionOf(quote));
    EXPECT_EQ(forged.Judge().Find("chain.trusted")->outcome, Outcome::kPass);
    forged.roots = VendorRoots();
    const Verdict verdict = forged.Judge();
    EXPECT_EQ(verdict.Find("signature")->outcome, Outcome::kPass) << name;
    EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail) << name;
    EXPECT_FALSE(verdict.accepted) << name;
  }
}

}  // namespace
}  // namespace cmif::tee
