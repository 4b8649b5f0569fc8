// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence_extension.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/tee/evidence_certificate.h"
#include "cmif/tee/testing/test_cert_table.h"
#include "cmif/tee/testing/test_intel.h"
#include "cmif/tee/testing/test_snp.h"

namespace cmif::tee {
namespace {

using testing::Bytes;
using testing::TestSnp;

// A certificate that carries `evidence` for its key.
Bytes Carry(const Bytes& evidence, const testing::SigningKey& key,
            const Bytes& claims) {
  const auto extensions = WriteEvidenceExtensions(evidence, claims);
  EXPECT_TRUE(extensions.has_value());
  return testing::MakeIdentity({.subject = "node", .extensions = *extensions},
                               nullptr, key)
      .certificate.der();
}

Bytes ClaimsOf(const testing::SigningKey& key) {
  const auto plain = testing::MakeIdentity({.subject = "x"}, nullptr, key);
  return KeyClaims(crypto::Sha256Of(plain.certificate.PublicKeyInfo()));
}

TEST(EvidenceExtensionTest, SnpReportsWithCertificatesAreAccepted) {
  TestSnp snp;
  const auto key = testing::SigningKey::Ec(Ecdsa::kP256Sha256);
  const Bytes claims = ClaimsOf(key);
  std::ranges::copy(ReportDataOf(claims), snp.report.begin() + 0x50);
  Bytes evidence = snp.Sign().bytes;
  const Bytes table =
      testing::CertTable({{testing::kVcekGuid, snp.vek.certificate.der()}});
  evidence.insert(evidence.end(), table.begin(), table.end());
  Endorsements endorsements;
  ASSERT_TRUE(endorsements.Add(snp.crls[0]));
  const Bytes carrier = Carry(evidence, key, claims);
  const Verdict verdict =
      VerifyAgainst(snp.roots, *ReadEvidence(carrier), endorsements,
                    snp.Deployment(), {}, snp.now);
  EXPECT_THAT(verdict.Failures(), ::testing::IsEmpty());
  EXPECT_TRUE(verdict.accepted);
}

TEST(EvidenceExtensionTest, QuotesAreInBothExtensions) {
  for (const auto kind :
       {testing::TestIntel::Kind::kSgx, testing::TestIntel::Kind::kTdx15}) {
    const Bytes quote = testing::TestIntel(kind).Sign();
    const Bytes claims = {1, 2, 3};
    const auto extensions = WriteEvidenceExtensions(quote, claims);
    ASSERT_TRUE(extensions);
    ASSERT_EQ(extensions->size(), 2U);
    EXPECT_EQ(extensions->at(0).first, kRaTlsOid);
    EXPECT_EQ(extensions->at(1).first, kCmwOid);
    const auto first = ReadRaTlsExtension(extensions->at(0).second);
    const auto second = ReadCmwExtension(extensions->at(1).second);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->evidence, quote);
    EXPECT_EQ(second->evidence, quote);
    EXPECT_EQ(first->claims, claims);
    EXPECT_EQ(second->claims, claims);
  }
}

TEST(EvidenceExtensionTest, ClaimsNameTheKey) {
  const auto key = testing::SigningKey::Ec(Ecdsa::kP256Sha256);
  const auto own = testing::MakeIdentity({.subject = "x"}, nullptr, key);
  const auto other = testing::MakeIdentity({.subject = "x"}, nullptr);
  EXPECT_TRUE(ClaimsNameKey(ClaimsOf(key), own.certificate));
  EXPECT_FALSE(ClaimsNameKey(ClaimsOf(key), other.certificate));
}

TEST(EvidenceExtensionTest, RefusesWhatIsNoEvidence) {
  EXPECT_FALSE(WriteEvidenceExtensions(Bytes(10), {}));
  TestSnp snp;
  Bytes evidence = snp.Sign().bytes;
  evidence.resize(70000, 1);
  EXPECT_EQ(WriteEvidenceExtensions(evidence, {}).error().code(),
            Code::kResourceExhausted);
}

}  // namespace
}  // namespace cmif::tee
