// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/tee/quote.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/verify.h"

namespace cmif::tee {
namespace {

using testing::At;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Recorded;
using testing::RecordedEndorsements;
using testing::RecordedEvidence;

// A recorded quote, its collateral, and what `inspection` must find.
struct Vector {
  std::string quote;
  std::vector<std::string> collateral;
  const char* at;
  std::vector<std::string> failures;
  std::string status;
};

const std::vector<std::string> kCai90c = {
    "tdx/cai_tcb_info_90c06f000000.json", "tdx/cai_td_qe_identity.json",
    "tdx/cai_tcb_signing_chain.pem", "tdx/cai_pck_crl_platform.der",
    "tdx/cai_root_ca_crl.der"};
const std::vector<std::string> kCai508 = {
    "tdx/cai_tcb_info_50806f000000.json", "tdx/cai_td_qe_identity.json",
    "tdx/cai_tcb_signing_chain.pem", "tdx/cai_pck_crl_platform.der",
    "tdx/cai_root_ca_crl.der"};
const std::vector<std::string> kGtg = {
    "tdx/gtg_tcb_info.json", "tdx/gtg_qe_identity.json",
    "tdx/derived_oe_tcb_signing_chain.pem", "tdx/gtg_pck_crl.der",
    "tdx/gtg_root_crl.der"};
const std::vector<std::string> kOe90c = {
    "tdx/derived_oe_tcb_info_90c06f000000.json",
    "tdx/derived_oe_td_qe_identity.json",
    "tdx/derived_oe_tcb_signing_chain.pem", "tdx/derived_oe_pck_crl.hex",
    "tdx/derived_oe_root_ca_crl.hex"};
const std::vector<std::string> kNoCollateral = {
    "chain.revocation", "collateral.tcb_info", "collateral.qe_identity",
    "collateral.chain.trusted", "tcb.status"};

std::vector<std::string> NoCollateralAnd(const std::string& more) {
  std::vector<std::string> all = kNoCollateral;
  all.push_back(more);
  return all;
}

std::vector<Vector> Vectors() {
  return {
      {"tdx/gtg_v4_quote.dat",
       kGtg,
       "2023-06-20T00:00:00Z",
       {"evidence.trailing", "tcb.status", "tdx.sept_ve_disable"},
       "NotSupported"},
      {"tdx/gtg_v5_quote.dat", kCai90c, "2026-03-20T12:00:00Z", {}, "UpToDate"},
      {"tdx/gtg_cos113_quote.dat",
       {},
       "2024-08-01T00:00:00Z",
       kNoCollateral,
       ""},
      {"tdx/phala_v4_quote.bin",
       {"tdx/phala_v4_collateral.json"},
       "2025-07-01T00:00:00Z",
       {},
       "UpToDate"},
      {"tdx/phala_v4_quote.bin",
       {"tdx/phala_v4_collateral.json"},
       "2025-08-01T00:00:00Z",
       {"chain.revocation", "collateral.tcb_info", "collateral.qe_identity",
        "tcb.status"},
       ""},
      {"tdx/phala_v4_outdated_quote.bin",
       {"tdx/phala_v4_outdated_collateral.json"},
       "2026-03-01T00:00:00Z",
       {"tcb.status"},
       "NotSupported"},
      {"tdx/phala_tappd_quote.hex",
       {},
       "2025-07-01T00:00:00Z",
       kNoCollateral,
       ""},
      {"tdx/oe_v4_quote.bin",
       kCai508,
       "2026-03-20T12:00:00Z",
       {"tcb.status", "tdx.sept_ve_disable"},
       "OutOfDate"},
      {"tdx/oe_v4_seamldr5_quote.dat",
       kCai90c,
       "2026-03-20T12:00:00Z",
       {"tcb.status"},
       "TDRelaunchAdvised"},
      {"tdx/oe_v4_seamldr5_quote.dat",
       kOe90c,
       "2025-03-01T00:00:00Z",
       {"tcb.status"},
       "TDRelaunchAdvised"},
      {"tdx/coco_v4_quote.dat",
       kCai508,
       "2026-03-20T12:00:00Z",
       {"tcb.status", "debug"},
       "OutOfDate"},
      {"tdx/coco_v5_quote.dat",
       kCai90c,
       "2026-03-20T12:00:00Z",
       {"tcb.status", "tdx.service_td"},
       "NotSupported"},
      {"tdx/coco_azure_quote.bin",
       {},
       "2024-06-01T00:00:00Z",
       NoCollateralAnd("tdx.sept_ve_disable"),
       ""},
      {"tdx/teekit_azure_v4_quote.b64",
       {},
       "2025-06-01T00:00:00Z",
       NoCollateralAnd("tdx.sept_ve_disable"),
       ""},
      {"sgx/phala_v3_quote.bin",
       {"sgx/phala_v3_collateral.json"},
       "2025-07-01T00:00:00Z",
       {"tcb.status"},
       "ConfigurationAndSWHardeningNeeded"},
      {"sgx/oe_v3_quote.bin",
       {},
       "2023-06-01T00:00:00Z",
       NoCollateralAnd("debug"),
       ""},
      {"sgx/coco_occlum_v3_quote.dat",
       {},
       "2023-06-01T00:00:00Z",
       NoCollateralAnd("debug"),
       ""},
      {"sgx/teekit_tlsndev_v3_quote.dat",
       {},
       "2025-06-01T00:00:00Z",
       kNoCollateral,
       ""},
  };
}

Verdict Inspect(const Vector& vector) {
  return Verify(RecordedEvidence(vector.quote),
                RecordedEndorsements(vector.collateral), Policy::Inspection(),
                {}, At(vector.at));
}

TEST(VerifyQuoteTest, EveryRecordedQuoteGetsItsVerdict) {
  for (const Vector& vector : Vectors()) {
    const Verdict verdict = Inspect(vector);
    EXPECT_EQ(verdict.Failures(), vector.failures)
        << vector.quote << " " << VerdictToJson(verdict);
    EXPECT_EQ(verdict.accepted, vector.failures.empty());
    EXPECT_EQ(verdict.tcb.status, vector.status) << vector.quote;
    EXPECT_EQ(verdict.platform, vector.quote.substr(0, 3));
  }
}

// What a caller without collateral finds; only the signature is looked at.
Outcome SignatureOf(const Evidence& evidence) {
  const Verdict verdict = Verify(evidence, {}, Policy::Inspection(), {},
                                 At("2026-03-20T12:00:00Z"));
  EXPECT_FALSE(verdict.accepted);
  return verdict.Find("signature")->outcome;
}

TEST(VerifyQuoteTest, EveryFlippedByteBreaksTheSignature) {
  for (const Vector& vector : Vectors()) {
    Evidence evidence = RecordedEvidence(vector.quote);
    ASSERT_EQ(SignatureOf(evidence), Outcome::kPass) << vector.quote;
    // The signed part begins at the front of the evidence.
    const size_t signed_bytes =
        Quote::Parse(evidence.bytes)->signed_bytes.size();
    for (size_t i = 0; i < signed_bytes; ++i) {
      evidence.bytes[i] ^= static_cast<uint8_t>(1 << (i % 8));
      ASSERT_EQ(SignatureOf(evidence), Outcome::kFail)
          << vector.quote << " byte " << i;
      evidence.bytes[i] ^= static_cast<uint8_t>(1 << (i % 8));
    }
  }
}

// The vector that is accepted, changed.
struct Accepted {
  Accepted() : evidence(RecordedEvidence("tdx/gtg_v5_quote.dat")) {}
  Verdict Judge(const Policy& policy = Policy::Inspection(),
                const Expectations& expectations = {}) const {
    return Verify(evidence, RecordedEndorsements(collateral), policy,
                  expectations, now);
  }
  Evidence evidence;
  std::vector<std::string> collateral = kCai90c;
  Time now = At("2026-03-20T12:00:00Z");
};

TEST(VerifyQuoteTest, EveryFlippedByteBehindTheBodyIsRefused) {
  Accepted given;
  const Quote quote = *Quote::Parse(given.evidence.bytes);
  const size_t body = quote.signed_bytes.size();
  const size_t chain = static_cast<size_t>(quote.certificates.data() -
                                           given.evidence.bytes.data());
  for (size_t i = body; i < chain; ++i) {
    given.evidence.bytes[i] ^= 0x20;
    ASSERT_FALSE(given.Judge().accepted) << i;
    given.evidence.bytes[i] ^= 0x20;
  }
}

TEST(VerifyQuoteTest, TruncatedQuotesAreRefused) {
  Accepted given;
  const std::vector<uint8_t> whole = given.evidence.bytes;
  for (size_t size = 0; size < whole.size(); size += 61) {
    given.evidence.bytes.assign(whole.begin(),
                                whole.begin() + static_cast<ptrdiff_t>(size));
    const Verdict verdict = given.Judge();
    ASSERT_FALSE(verdict.accepted) << size;
    ASSERT_EQ(verdict.Find("signature")->outcome, Outcome::kFail) << size;
  }
}

TEST(VerifyQuoteTest, ZerosMayFollowButNothingElse) {
  Accepted given;
  given.evidence.bytes.resize(given.evidence.bytes.size() + 70);
  EXPECT_TRUE(given.Judge().accepted);
  given.evidence.bytes.back() = 1;
  EXPECT_THAT(given.Judge().Failures(), ElementsAre("evidence.trailing"));
}

TEST(VerifyQuoteTest, EachPieceOfCollateralIsNeeded) {
  for (const auto& [missing, failure] : {std::pair{0, "collateral.tcb_info"},
                                         {1, "collateral.qe_identity"},
                                         {2, "collateral.tcb_info"},
                                         {3, "chain.revocation"},
                                         {4, "chain.revocation"}}) {
    Accepted given;
    given.collateral.erase(given.collateral.begin() + missing);
    EXPECT_THAT(given.Judge().Failures(), Contains(failure)) << missing;
  }
}

TEST(VerifyQuoteTest, TheNewestCollateralThatIsValidIsUsed) {
  Accepted given;
  given.collateral.insert(given.collateral.begin(), kOe90c.begin(),
                          kOe90c.end());
  EXPECT_TRUE(given.Judge().accepted);
  EXPECT_EQ(given.Judge().tcb.evaluation_number, 18U);
  EXPECT_EQ(given.Judge().tcb.collateral_until, "2026-04-15T22:06:09Z");
  given.now = At("2025-03-01T00:00:00Z");
  EXPECT_EQ(given.Judge().tcb.collateral_until, "2025-03-22T11:31:38Z");
}

TEST(VerifyQuoteTest, AQuoteOfAForeignRootIsRefused) {
  // Its certificates are in DER, one after another, as no machine writes them.
  const Verdict verdict =
      Verify(RecordedEvidence("tdx/intel_qvl_quote.dat"), {},
             Policy::Inspection(), {}, At("2026-03-20T12:00:00Z"));
  EXPECT_THAT(verdict.Failures(),
              ElementsAre("intel.pck_subject", "chain.trusted", "qe.signature",
                          "evidence.reserved", "tdx.sept_ve_disable"));
}

TEST(VerifyQuoteTest, CollateralOfAForeignRootIsNotUsed) {
  Accepted given;
  given.collateral[2] = "tdx/intel_qvl_tcbSignChain.pem";
  EXPECT_THAT(given.Judge().Failures(), Contains("collateral.tcb_info"));
  Accepted crls;
  crls.collateral[3] = "tdx/intel_qvl_intermediateCaCrl.der";
  EXPECT_THAT(crls.Judge().Failures(), ElementsAre("chain.revocation"));
}

TEST(VerifyQuoteTest, ABrokenIntermediateIsRefused) {
  const Verdict verdict =
      Verify(RecordedEvidence("sgx/oe_v3_report_bad.bin"), {},
             Policy::Inspection(), {}, At("2020-01-01T00:00:00Z"));
  EXPECT_EQ(verdict.Find("chain.trusted")->outcome, Outcome::kFail);
}

TEST(VerifyQuoteTest, AQuoteWithoutItsCertificateIsRefusedAndSaysSo) {
  const Verdict verdict =
      Verify(RecordedEvidence("sgx/intel_qvl_quote.dat"), {},
             Policy::Inspection(), {}, At("2020-01-01T00:00:00Z"));
  EXPECT_THAT(verdict.Failures(), ElementsAre("evidence.form", "signature"));
  EXPECT_THAT(verdict.Find("evidence.form")->observed,
              ::testing::HasSubstr("kind 1"));
}

TEST(VerifyQuoteTest, ReportDataIsComparedWhole) {
  const std::vector<uint8_t> nonce = Recorded("tdx/gtg_cos113_nonce.dat");
  const Evidence evidence = RecordedEvidence("tdx/gtg_cos113_quote.dat");
  Expectations expectations;
  std::ranges::copy(nonce, expectations.report_data.emplace().begin());
  const Time now = At("2024-08-01T00:00:00Z");
  EXPECT_EQ(Verify(evidence, {}, Policy::Inspection(), expectations, now)
                .Find("report_data")
                ->outcome,
            Outcome::kPass);
  (*expectations.report_data)[0] ^= 1;
  EXPECT_EQ(Verify(evidence, {}, Policy::Inspection(), expectations, now)
                .Find("report_data")
                ->outcome,
            Outcome::kFail);
}

Policy PolicyOf(const std::string& more) {
  return *Policy::Read(
      R"({"kind":"cmif-attestation-policy","name":"test","version":1,)"
      R"("base":"deployment","allow_unsigned_policy":true)" +
      more + "}");
}

// An image of the accepted quote; `register1`: its RTMR1 or another.
std::string Image(const TdBody& td, bool register1 = true) {
  auto rtmr1 = td.rtmr[1];
  if (!register1) rtmr1[47] ^= 1;
  return R"("images":[{"mr_td":")" + crypto::ToHex(td.mr_td) +
         R"(","rtmr1":")" + crypto::ToHex(rtmr1) + R"(","rtmr2":")" +
         crypto::ToHex(td.rtmr[2]) + "\"}]";
}

TEST(VerifyQuoteTest, DeploymentPinsTheImage) {
  const Accepted given;
  const Quote quote = *Quote::Parse(given.evidence.bytes);
  const TdBody& td = *quote.td();
  EXPECT_THAT(given.Judge(PolicyOf(",\"tdx\":{" + Image(td) + "}")).Failures(),
              IsEmpty());
  EXPECT_THAT(
      given.Judge(PolicyOf(",\"tdx\":{" + Image(td, false) + "}")).Failures(),
      ElementsAre("measurement"));
  EXPECT_THAT(given.Judge(PolicyOf("")).Failures(),
              ElementsAre("policy.platform"));
}

TEST(VerifyQuoteTest, RulesForThePlatformAreKept) {
  const Accepted given;
  const Quote quote = *Quote::Parse(given.evidence.bytes);
  const std::string image = Image(*quote.td());
  const auto with = [&](const std::string& rule) {
    return PolicyOf(",\"tdx\":{" + image + "," + rule + "}");
  };
  const std::string ones48(96, '1');
  const std::string ones16(32, '1');
  const std::string zeros16(32, '0');
  for (const auto& [rule, failure] :
       {std::pair{"\"mr_config_ids\":[\"" + ones48 + "\"]", "tdx.mr_config_id"},
        {"\"mr_owners\":[\"" + ones48 + "\"]", "tdx.mr_owner"},
        {"\"mr_owner_configs\":[\"" + ones48 + "\"]", "tdx.mr_owner_config"},
        {"\"platform_ids\":[\"" + ones16 + "\"]", "platform_id"},
        {"\"platform_ids\":[\"" + zeros16 + "\"]", "platform_id"}}) {
    EXPECT_THAT(given.Judge(with(rule)).Failures(), ElementsAre(failure))
        << rule;
  }
  const Verdict verdict = given.Judge();
  const Claim ppid = *std::ranges::find(verdict.claims, "ppid", &Claim::name);
  EXPECT_THAT(
      given
          .Judge(PolicyOf(",\"tdx\":{" + image + ",\"platform_ids\":[\"" +
                          std::get<std::string>(ppid.value) + "\"]}"))
          .Failures(),
      IsEmpty());
  EXPECT_THAT(
      given
          .Judge(PolicyOf(",\"tdx\":{" + image +
                          R"(},"intel":{"minimum_evaluation_number":19})"))
          .Failures(),
      ElementsAre("collateral.evaluation"));
}

Verdict JudgeWith(const Vector& vector, const std::string& intel) {
  return Verify(RecordedEvidence(vector.quote),
                RecordedEndorsements(vector.collateral),
                PolicyOf(R"(,"allow_any_measurement":true,"sgx":{},"tdx":{},)"
                         R"("intel":{)" +
                         intel + "}"),
                {}, At(vector.at));
}

TEST(VerifyQuoteTest, AStatusIsToleratedOnlyWithAllItsAdvisories) {
  const Vector vector = Vectors()[14];
  const Verdict strict = Inspect(vector);
  EXPECT_THAT(strict.tcb.advisories,
              ElementsAre("INTEL-SA-00289", "INTEL-SA-00615"));
  const std::string status =
      R"("allow_statuses":["ConfigurationAndSWHardeningNeeded"])";
  EXPECT_FALSE(JudgeWith(vector, status).accepted);
  EXPECT_FALSE(JudgeWith(vector, status + R"(,"allow_advisories":)"
                                          R"(["INTEL-SA-00289"])")
                   .accepted);
  const Verdict both =
      JudgeWith(vector, status + R"(,"allow_advisories":["INTEL-SA-00615",)"
                                 R"("INTEL-SA-00289"])");
  EXPECT_TRUE(both.accepted);
  EXPECT_EQ(both.Find("tcb.status")->outcome, Outcome::kReported);
  EXPECT_THAT(both.policy.relaxations,
              Contains("intel.allow_advisories INTEL-SA-00289"));
}

TEST(VerifyQuoteTest, ExpiredCollateralIsToleratedOnlyForItsDays) {
  Vector vector = Vectors()[3];
  vector.at = "2025-07-22T00:00:00Z";
  EXPECT_THAT(JudgeWith(vector, "").Failures(),
              Contains("collateral.tcb_info"));
  const Verdict verdict = JudgeWith(vector, R"("collateral_grace_days":3)");
  EXPECT_TRUE(verdict.accepted);
  EXPECT_EQ(verdict.Find("collateral.tcb_info")->outcome, Outcome::kReported);
  EXPECT_EQ(verdict.Find("chain.revocation")->outcome, Outcome::kReported);
  EXPECT_FALSE(JudgeWith(vector, R"("collateral_grace_days":2)").accepted);
}

}  // namespace
}  // namespace cmif::tee
