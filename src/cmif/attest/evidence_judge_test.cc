// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/evidence_judge.h"

#include <gtest/gtest.h>

#include "cmif/attest/clock.h"
#include "cmif/attest/testing/snp_machine.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/tee/evidence_extension.h"

namespace cmif::attest {
namespace {

using crypto::TlsKey;
using testing::SnpMachine;
using Bytes = std::vector<uint8_t>;

// A certificate of `key` with evidence of `machine` for the key `named`.
Bytes Certificate(SnpMachine& machine, const TlsKey& key, const TlsKey& named,
                  int64_t lifetime = 3600) {
  const Bytes claims = tee::KeyClaims(named.sha256());
  const Bytes evidence = *machine.Collect(tee::ReportDataOf(claims));
  const auto pem = crypto::MakeSelfSigned(
      key, {.common_name = "x",
            .not_before = Now() - 10,
            .not_after = Now() + lifetime,
            .extensions = *tee::WriteEvidenceExtensions(evidence, claims)});
  return crypto::TlsCertificate::FromPem(*pem)->Der();
}

void ExpectRefused(const Result<void>& result, std::string_view says) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kUnauthenticated);
  EXPECT_NE(result.error().message().find(says), std::string::npos)
      << result.error().message();
}

class EvidenceJudgeTest : public ::testing::Test {
 protected:
  SnpMachine machine_;
  TlsKey key_ = TlsKey::Generate();
  std::shared_ptr<EvidenceJudge> judge_ = machine_.NewJudge();
};

TEST_F(EvidenceJudgeTest, RemembersAnAcceptedCertificate) {
  const Bytes certificate = Certificate(machine_, key_, key_);
  for (int i = 0; i < 3; ++i) {
    const auto good = judge_->JudgeCertificate(certificate, Now());
    EXPECT_TRUE(good) << good.error().message();
  }
  EXPECT_EQ(judge_->certificates_judged(), 1U);
}

TEST_F(EvidenceJudgeTest, ForgetsItWhenItExpires) {
  const Bytes certificate = Certificate(machine_, key_, key_, 60);
  EXPECT_TRUE(judge_->JudgeCertificate(certificate, Now()));
  ExpectRefused(judge_->JudgeCertificate(certificate, Now() + 120),
                "certificate.time");
  // The revocation list is valid for a day.
  const Bytes longer = Certificate(machine_, key_, key_, int64_t{10} * 86400);
  EXPECT_TRUE(judge_->JudgeCertificate(longer, Now() + 86300));
  ExpectRefused(judge_->JudgeCertificate(longer, Now() + 86500), "revocation");
}

TEST_F(EvidenceJudgeTest, EvidenceOfAnotherKeyIsStolen) {
  ExpectRefused(judge_->JudgeCertificate(
                    Certificate(machine_, key_, TlsKey::Generate()), Now()),
                "certificate.key");
}

TEST_F(EvidenceJudgeTest, OtherCodeAndOtherMachinesAreRefused) {
  SnpMachine other;
  ExpectRefused(judge_->JudgeCertificate(Certificate(other, key_, key_), Now()),
                "chain");
  machine_.ChangeMeasurement();
  ExpectRefused(
      judge_->JudgeCertificate(Certificate(machine_, key_, key_), Now()),
      "measurement");
}

TEST_F(EvidenceJudgeTest, ACertificateWithoutEvidenceIsRefused) {
  const auto pem = crypto::MakeSelfSigned(
      key_, {.common_name = "x", .not_before = 0, .not_after = 4'000'000'000});
  ExpectRefused(judge_->JudgeCertificate(
                    crypto::TlsCertificate::FromPem(*pem)->Der(), Now()),
                "carries no evidence");
  ExpectRefused(judge_->JudgeCertificate({}, Now()), "cannot be read");
  // Evidence alone is no certificate.
  ExpectRefused(judge_->JudgeCertificate(*machine_.Collect({}), Now()),
                "not in its certificate");
}

TEST_F(EvidenceJudgeTest, AnswersCarryWhatWasAsked) {
  const platform::ReportData asked = {1, 2, 3};
  EXPECT_TRUE(judge_->JudgeAnswer(*machine_.Collect(asked), asked, Now()));
  ExpectRefused(judge_->JudgeAnswer(*machine_.Collect({}), asked, Now()),
                "report_data");
  ExpectRefused(judge_->JudgeAnswer({}, asked, Now()), "cannot be read");
  // Though its evidence is good.
  ExpectRefused(
      judge_->JudgeAnswer(Certificate(machine_, key_, key_), asked, Now()),
      "with a certificate");
}

}  // namespace
}  // namespace cmif::attest
