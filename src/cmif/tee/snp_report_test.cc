// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/snp_report.h"

#include <gtest/gtest.h>

#include "cmif/tee/snp_vek.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::tee {
namespace {

using testing::Recorded;
using testing::RecordedCertificate;

SnpReport Report(const std::string& name) {
  return *SnpReport::Parse(Recorded("sev-snp/" + name));
}

TEST(SnpReportTest, ReadsTheFieldsOfARealReport) {
  const SnpReport report = Report("teekit_gcp_v5_reportdata.bin");
  EXPECT_EQ(report.version, 5U);
  EXPECT_EQ(report.policy, 0x30000U);
  EXPECT_EQ(report.vmpl, 1U);
  EXPECT_EQ(report.platform_info, 0x25U);
  EXPECT_EQ(report.signer(), SnpSigner::kVcek);
  EXPECT_EQ(report.product(), SnpProduct::kMilan);
  EXPECT_TRUE(report.alias_check());
  EXPECT_TRUE(report.smt_allowed());
  EXPECT_FALSE(report.debug());
  EXPECT_FALSE(report.migratable());
  EXPECT_FALSE(report.masked_chip_id());
  EXPECT_TRUE(report.reserved_is_zero);
  EXPECT_TRUE(report.policy_is_well_formed());
  ASSERT_TRUE(report.signature.has_value());
  EXPECT_TRUE(crypto::ToHex(report.report_data).starts_with("32fc4f6c"));
  EXPECT_TRUE(crypto::ToHex(report.measurement).starts_with("b747d554"));
  EXPECT_EQ(DecodeSnpTcb(SnpProduct::kMilan, report.reported_tcb),
            (SnpTcb{.bootloader = 4, .tee = 0, .snp = 27, .microcode = 222}));
}

TEST(SnpReportTest, DebugVlekAndBergamoAreSeen) {
  EXPECT_TRUE(Report("gsg_milan_v2_report.bin").debug());
  const SnpReport vlek = Report("coco_vlek_report.bin");
  EXPECT_EQ(vlek.signer(), SnpSigner::kVlek);
  EXPECT_TRUE(vlek.masked_chip_id());
  EXPECT_EQ(Report("derived_coco_e2e_genoa_report.bin").product(),
            SnpProduct::kGenoa);
  EXPECT_EQ(Report("gsg_milan_v2_report.bin").product(), std::nullopt);
}

TEST(SnpReportTest, RefusesOtherLengths) {
  std::vector<uint8_t> bytes = Recorded("sev-snp/coco_milan_report.bin");
  bytes.push_back(0);
  EXPECT_EQ(SnpReport::Parse(bytes).error().code(), Code::kDataLoss);
  bytes.resize(SnpReport::kBytes - 1);
  EXPECT_FALSE(SnpReport::Parse(bytes).has_value());
  EXPECT_FALSE(SnpReport::Parse({}).has_value());
}

TEST(SnpReportTest, ANumberTooLargeIsNoSignature) {
  std::vector<uint8_t> bytes = Recorded("sev-snp/coco_milan_report.bin");
  for (const size_t at : {0x2A0 + 48, 0x2E8 + 71, 0x330, 0x49F}) {
    bytes[at] ^= 1;
    EXPECT_FALSE(SnpReport::Parse(bytes)->signature.has_value()) << at;
    bytes[at] ^= 1;
  }
}

TEST(SnpReportTest, ReservedBytesAreLookedAt) {
  std::vector<uint8_t> bytes = Recorded("sev-snp/coco_milan_report.bin");
  for (const size_t at : {0x4C, 0x4B, 0x18B, 0x19F, 0x1EB, 0x1EF, 0x29F}) {
    bytes[at] ^= 0x80;
    EXPECT_FALSE(SnpReport::Parse(bytes)->reserved_is_zero) << at;
    bytes[at] ^= 0x80;
  }
}

TEST(SnpTcbTest, LevelsAreComparedOneByOne) {
  const SnpTcb low = {.bootloader = 3, .snp = 24, .microcode = 200};
  const SnpTcb mixed = {.bootloader = 4, .snp = 23, .microcode = 255};
  EXPECT_FALSE(mixed.AtLeast(low));
  EXPECT_FALSE(low.AtLeast(mixed));
  EXPECT_TRUE(low.AtLeast(low));
}

TEST(SnpTcbTest, TurinHasALayoutOfItsOwn) {
  const std::array<uint8_t, 8> bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(
      DecodeSnpTcb(SnpProduct::kTurin, bytes),
      (SnpTcb{.fmc = 1, .bootloader = 2, .tee = 3, .snp = 4, .microcode = 8}));
  EXPECT_EQ(DecodeSnpTcb(SnpProduct::kGenoa, bytes),
            (SnpTcb{.bootloader = 1, .tee = 2, .snp = 7, .microcode = 8}));
}

TEST(SnpVekTest, ReadsAVcekAVlekAndATurin) {
  const auto milan =
      SnpVek::Parse(RecordedCertificate("sev-snp/gsg_milan_vcek.der"));
  ASSERT_TRUE(milan.has_value()) << milan.error().message();
  EXPECT_EQ(milan->signer, SnpSigner::kVcek);
  EXPECT_EQ(milan->product, SnpProduct::kMilan);
  EXPECT_EQ(milan->chip_id, Report("gsg_milan_v2_report.bin").chip_id);
  const auto vlek = SnpVek::Parse(RecordedCertificate("sev-snp/coco_vlek.der"));
  ASSERT_TRUE(vlek.has_value()) << vlek.error().message();
  EXPECT_EQ(vlek->signer, SnpSigner::kVlek);
  EXPECT_FALSE(vlek->chip_id.has_value());
  EXPECT_EQ(vlek->csp_id, "CN=cc-us-east-2.amazonaws.com");
  EXPECT_EQ(vlek->tcb.microcode, 0xD9);  // an INTEGER of two bytes
  const auto turin =
      SnpVek::Parse(RecordedCertificate("sev-snp/virtee_turin_vcek.der"));
  ASSERT_TRUE(turin.has_value()) << turin.error().message();
  EXPECT_EQ(turin->product, SnpProduct::kTurin);
  EXPECT_EQ(turin->tcb, (SnpTcb{.microcode = 9}));
  EXPECT_EQ(crypto::ToHex(*turin->chip_id),
            "1e550a8ee5cf9f4d" + std::string(112, '0'));
}

TEST(SnpVekTest, ReadsBothFormsOfTheChipId) {
  for (const char* file :
       {"coco_vcek_invalid_legacy.der", "coco_vcek_invalid_new.der"}) {
    const auto vek =
        SnpVek::Parse(RecordedCertificate(std::string("sev-snp/") + file));
    ASSERT_TRUE(vek.has_value()) << vek.error().message();
    EXPECT_TRUE(vek->chip_id.has_value());
  }
}

TEST(SnpVekTest, OtherCertificatesAreNone) {
  EXPECT_FALSE(SnpVek::Parse(VendorRoots().amd[0].ask).has_value());
}

}  // namespace
}  // namespace cmif::tee
