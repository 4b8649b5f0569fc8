// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/trustee.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/verify.h"

namespace cmif::tee {
namespace {

using testing::At;
using testing::Base64;
using testing::Recorded;

std::string FieldByField() {
  return std::string(AsText(Recorded("sev-snp/coco_e2e_evidence.json")));
}

Verdict Judge(const std::string& json, const char* at) {
  return Verify(*ReadEvidence(AsBytes(json)), {}, Policy::Inspection(), {},
                At(at));
}

TEST(TrusteeTest, AReportFieldByFieldIsPutTogether) {
  const auto read = ReadTrusteeJson(FieldByField());
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->evidence,
            Recorded("sev-snp/derived_coco_e2e_genoa_report.bin"));
  ASSERT_EQ(read->certificates.size(), 1U);
  EXPECT_EQ(read->certificates[0].der(),
            Recorded("sev-snp/derived_coco_e2e_genoa_vcek.der"));
  const Verdict verdict = Judge(FieldByField(), "2025-08-01T00:00:00Z");
  EXPECT_TRUE(verdict.accepted);
  EXPECT_EQ(verdict.form, "Trustee JSON");
}

TEST(TrusteeTest, ReportsAndQuotesInBase64AreRead) {
  const std::string report =
      R"({"report":")" + Base64(Recorded("sev-snp/coco_milan_report.bin")) +
      R"(","certs":[")" + Base64(Recorded("sev-snp/coco_milan_vcek.der")) +
      R"("]})";
  EXPECT_TRUE(Judge(report, "2024-01-01T00:00:00Z").accepted);
  const std::string quote =
      R"({"quote":")" + Base64(Recorded("tdx/gtg_v5_quote.dat")) + R"("})";
  const auto evidence = ReadEvidence(AsBytes(quote));
  ASSERT_TRUE(evidence.has_value());
  EXPECT_EQ(evidence->platform, Evidence::Platform::kTdx);
}

std::string With(const std::string& from, const std::string& to) {
  std::string json = FieldByField();
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(TrusteeTest, AChangedFieldBreaksTheSignature) {
  for (const auto& [from, to] :
       {std::pair{"\"guest_svn\":0", "\"guest_svn\":1"},
        {"\"policy\":196608", "\"policy\":196609"},
        {"\"plat_info\":37", "\"plat_info\":36"},
        {"\"report_data\":[126", "\"report_data\":[127"}}) {
    const Verdict verdict = Judge(With(from, to), "2025-08-01T00:00:00Z");
    EXPECT_EQ(verdict.Find("signature")->outcome, Outcome::kFail) << to;
  }
}

Code CodeOf(const std::string& json) {
  const auto read = ReadEvidence(AsBytes(json));
  return read ? Code::kOk : read.error().code();
}

TEST(TrusteeTest, RefusesWhatDoesNotFit) {
  for (const auto& [from, to] :
       {std::pair{"\"vmpl\":0", "\"vmpl\":-1"},
        {"\"vmpl\":0", "\"vmpl\":4294967296"},
        {"\"report_data\":[126,", "\"report_data\":[126,1,"},
        {"\"report_data\":[126,", "\"report_data\":[256,"},
        {"\"bootloader\":10", "\"bootloader\":256"},
        {"\"cert_type\"", "\"data\""}}) {
    EXPECT_EQ(CodeOf(With(from, to)), Code::kDataLoss) << to;
  }
  EXPECT_EQ(CodeOf(With("\"version\":3", "\"version\":5")),
            Code::kUnimplemented);
  EXPECT_EQ(CodeOf(With("\"cpuid_fam_id\":25", "\"cpuid_fam_id\":26")),
            Code::kUnimplemented);
  EXPECT_EQ(CodeOf(R"({"svn":"1","report_data":"AA=="})"),
            Code::kUnimplemented);
  for (const char* json : {"{}", R"({"quote":1})", R"({"quote":"AA=="})",
                           R"({"report":"AA==","certs":["AA=="]})"}) {
    EXPECT_EQ(CodeOf(json), Code::kDataLoss) << json;
  }
}

}  // namespace
}  // namespace cmif::tee
