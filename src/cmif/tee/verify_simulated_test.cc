// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/tee/evidence_extension.h"
#include "cmif/tee/testing/test_certificate.h"
#include "cmif/tee/testing/test_simulated.h"
#include "cmif/tee/verify.h"

namespace cmif::tee {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TestSimulated;

constexpr Time kNow = {1'800'000'000};

Verdict Judge(const std::vector<uint8_t>& bytes, const Policy& policy,
              const Expectations& expectations = {}) {
  return Verify(*ReadEvidence(bytes), {}, policy, expectations, kNow);
}

TEST(VerifySimulatedTest, IsAcceptedWhereAPolicyAllowsItAndSaysSoEverywhere) {
  const TestSimulated machine;
  const Verdict verdict = Judge(machine.Sign(), machine.Allowing());
  EXPECT_THAT(verdict.Failures(), IsEmpty());
  EXPECT_TRUE(verdict.accepted);
  EXPECT_EQ(verdict.platform, "simulated");
  EXPECT_EQ(verdict.tcb.status, "simulated");
  EXPECT_THAT(verdict.policy.relaxations, Contains("allow_simulated"));
  EXPECT_EQ(verdict.Find("policy.simulated")->outcome, Outcome::kReported);
  EXPECT_THAT(VerdictToJson(verdict),
              AllOf(HasSubstr(R"("platform":"simulated")"),
                    HasSubstr(R"("simulated":true)")));
}

TEST(VerifySimulatedTest, IsRefusedWithoutAllowSimulated) {
  const TestSimulated machine;
  EXPECT_THAT(Judge(machine.Sign(), machine.Allowing("", "")).Failures(),
              ElementsAre("policy.simulated"));
  EXPECT_THAT(
      Judge(machine.Sign(), machine.Allowing("", R"("allow_simulated":false,)"))
          .Failures(),
      ElementsAre("policy.simulated"));
  // Neither does `inspection`.
  const Verdict verdict = Judge(machine.Sign(), Policy::Inspection());
  EXPECT_FALSE(verdict.accepted);
  EXPECT_THAT(
      verdict.Failures(),
      ElementsAre("policy.simulated", "chain.trusted", "policy.platform"));
}

TEST(VerifySimulatedTest, EveryFlippedBitOfTheSignedPartBreaksTheSignature) {
  const TestSimulated machine;
  const Policy policy = machine.Allowing();
  // From behind the magic: without it this is no evidence at all.
  for (size_t at = 8; at < 320; ++at) {
    std::vector<uint8_t> bytes = machine.Sign();
    bytes[at] ^= 1;
    EXPECT_THAT(Judge(bytes, policy).Failures(), Contains("signature")) << at;
  }
}

TEST(VerifySimulatedTest, AnotherKeyIsNotTrusted) {
  const TestSimulated machine;
  EXPECT_THAT(Judge(TestSimulated().Sign(), machine.Allowing()).Failures(),
              ElementsAre("chain.trusted"));
}

TEST(VerifySimulatedTest, RulesAreEnforced) {
  struct Row {
    size_t at;
    const char* failure;
  };
  const TestSimulated good;
  const std::string rules = R"(,"host_data":[")" + std::string(64, 'c') +
                            R"("],"platform_ids":[")" + std::string(128, 'd') +
                            R"("])";
  for (const Row& row : {Row{8, "measurement"}, Row{216, "debug"},
                         Row{217, "evidence.reserved"}}) {
    TestSimulated machine;
    machine.fields[row.at] ^= 1;
    EXPECT_THAT(Judge(machine.Sign(), machine.Allowing()).Failures(),
                ElementsAre(row.failure));
  }
  EXPECT_THAT(Judge(good.Sign(), good.Allowing(rules)).Failures(),
              ElementsAre("simulated.host_data", "platform_id"));
}

TEST(VerifySimulatedTest, LengthsAndReportDataAreChecked) {
  const TestSimulated machine;
  std::vector<uint8_t> bytes = machine.Sign();
  Expectations wanted;
  wanted.report_data.emplace().fill(0xB2);
  EXPECT_TRUE(Judge(bytes, machine.Allowing(), wanted).accepted);
  wanted.report_data->back() = 0;
  EXPECT_THAT(Judge(bytes, machine.Allowing(), wanted).Failures(),
              ElementsAre("report_data"));
  bytes.push_back(0);
  EXPECT_THAT(Judge(bytes, machine.Allowing()).Failures(),
              ElementsAre("evidence.form"));
  bytes.resize(319);
  EXPECT_FALSE(Judge(bytes, machine.Allowing()).accepted);
}

TEST(VerifySimulatedTest, CertificatesCarryIt) {
  TestSimulated machine;
  const auto key = testing::SigningKey::Ec(Ecdsa::kP256Sha256);
  const auto plain = testing::MakeIdentity({.subject = "x"}, nullptr, key);
  const auto claims =
      KeyClaims(crypto::Sha256Of(plain.certificate.PublicKeyInfo()));
  std::ranges::copy(ReportDataOf(claims), machine.fields.begin() + 56);
  const auto extensions = WriteEvidenceExtensions(machine.Sign(), claims);
  ASSERT_TRUE(extensions.has_value()) << extensions.error().message();
  const auto carrier = testing::MakeIdentity(
      {.subject = "node", .extensions = *extensions}, nullptr, key);
  const Verdict verdict = Judge(carrier.certificate.der(), machine.Allowing());
  EXPECT_THAT(verdict.Failures(), IsEmpty());
  EXPECT_EQ(verdict.platform, "simulated");
  const auto stolen = testing::MakeIdentity(
      {.subject = "node", .extensions = *extensions}, nullptr);
  EXPECT_THAT(Judge(stolen.certificate.der(), machine.Allowing()).Failures(),
              ElementsAre("certificate.key"));
}

}  // namespace
}  // namespace cmif::tee
