// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_cert_table.h"

namespace cmif::tee {
namespace {

using testing::Recorded;

std::vector<uint8_t> Report() {
  return Recorded("sev-snp/coco_milan_report.bin");
}

Code CodeOf(std::span<const uint8_t> file) {
  const auto read = ReadEvidence(file);
  return read ? Code::kOk : read.error().code();
}

TEST(EvidenceTest, ReadsAReportInBinaryHexAndBase64) {
  const std::string hex = crypto::ToHex(Report()) + "\n";
  const std::string base64 = testing::Base64(Report());
  for (const auto& file :
       {Report(), std::vector<uint8_t>(hex.begin(), hex.end()),
        std::vector<uint8_t>(base64.begin(), base64.end())}) {
    const auto evidence = ReadEvidence(file);
    ASSERT_TRUE(evidence.has_value());
    EXPECT_EQ(evidence->bytes, Report());
    EXPECT_EQ(evidence->form, "report");
    EXPECT_TRUE(evidence->trailing.empty());
    EXPECT_EQ(evidence->file_sha256, crypto::Sha256Of(file));
  }
}

TEST(EvidenceTest, TakesACertificateTableAfterTheReport) {
  std::vector<uint8_t> file = Report();
  const auto table = testing::CertTable(
      {{testing::kVcekGuid, Recorded("sev-snp/coco_milan_vcek.der")}});
  file.insert(file.end(), table.begin(), table.end());
  const auto evidence = ReadEvidence(file);
  ASSERT_TRUE(evidence.has_value());
  EXPECT_EQ(evidence->certificates.size(), 1U);
  EXPECT_TRUE(evidence->trailing.empty());
  file[1184 + 48] ^= 0xFF;  // breaks the certificate: no table any more
  EXPECT_TRUE(ReadEvidence(file)->certificates.empty());
  EXPECT_EQ(ReadEvidence(file)->trailing.size(), table.size());
}

TEST(EvidenceTest, OtherTrailingBytesAreKept) {
  std::vector<uint8_t> file = Report();
  file.resize(file.size() + 50);
  EXPECT_TRUE(ReadEvidence(file)->trailing.empty());
  file.back() = 1;
  EXPECT_EQ(ReadEvidence(file)->trailing.size(), 50U);
}

TEST(EvidenceTest, ReadsAnHclBlob) {
  std::vector<uint8_t> file = Recorded("sev-snp/coco_azure_hcl_report.bin");
  const auto evidence = ReadEvidence(file);
  ASSERT_TRUE(evidence.has_value());
  EXPECT_EQ(evidence->form, "HCL blob");
  EXPECT_EQ(evidence->bytes.size(), 1184U);
  ASSERT_TRUE(evidence->runtime_claims.has_value());
  EXPECT_TRUE(AsText(*evidence->runtime_claims).starts_with("{\"keys\":"));
  EXPECT_TRUE(AsText(*evidence->runtime_claims).ends_with("}"));
}

TEST(EvidenceTest, RefusesBrokenHclBlobs) {
  const std::vector<uint8_t> good =
      Recorded("sev-snp/coco_azure_hcl_report.bin");
  // Version, kind of report, kind of hash, length of the claims.
  for (const size_t at : {5, 1216 + 9, 1216 + 13, 1216 + 18}) {
    std::vector<uint8_t> file = good;
    file[at] = 0x7F;
    EXPECT_EQ(CodeOf(file), Code::kDataLoss) << at;
  }
  std::vector<uint8_t> file = good;
  file.back() = 1;  // after the claims
  EXPECT_EQ(CodeOf(file), Code::kDataLoss);
  EXPECT_EQ(CodeOf(std::span(good).first(1235)), Code::kDataLoss);
  file = good;
  file[1216 + 8] = 4;
  EXPECT_EQ(CodeOf(file), Code::kUnimplemented);
}

TEST(EvidenceTest, RefusesEverythingElse) {
  EXPECT_EQ(CodeOf({}), Code::kDataLoss);
  EXPECT_EQ(CodeOf(AsBytes("hello")), Code::kDataLoss);
  EXPECT_EQ(CodeOf(std::vector<uint8_t>(1184)), Code::kDataLoss);
  const std::vector<uint8_t> report = Report();
  EXPECT_EQ(CodeOf(std::span(report).first(1183)), Code::kDataLoss);
  EXPECT_EQ(CodeOf(std::vector<uint8_t>(kMaxEvidenceBytes + 1)),
            Code::kResourceExhausted);
}

}  // namespace
}  // namespace cmif::tee
