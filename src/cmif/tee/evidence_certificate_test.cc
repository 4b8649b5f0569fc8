// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/cbor_writer.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_cert_table.h"
#include "cmif/tee/testing/test_der.h"
#include "cmif/tee/testing/test_snp.h"

namespace cmif::tee {
namespace {

using testing::At;
using testing::Bytes;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::RecordedEvidence;
using testing::TestSnp;

TEST(EvidenceCertificateTest, RecordedCertificatesCarryBoundEvidence) {
  for (const auto& [name, at, expired] :
       {std::tuple{"ccc_gramine-cert.pem", "2025-01-01T00:00:00Z", false},
        {"ccc_intel-sgxsdk-cert.pem", "2025-01-01T00:00:00Z", false},
        {"ccc_rats-tls-cert.pem", "2023-02-22T16:30:00Z", false},
        {"ccc_rats-tls-cert.pem", "2025-01-01T00:00:00Z", true}}) {
    const Evidence evidence = RecordedEvidence(std::string("ra-tls/") + name);
    EXPECT_EQ(evidence.form, "certificate");
    const Verdict verdict =
        Verify(evidence, {}, Policy::Inspection(), {}, At(at));
    for (const char* id :
         {"certificate.key", "certificate.claims", "certificate.signature",
          "signature", "chain.trusted", "qe.binding"}) {
      EXPECT_EQ(verdict.Find(id)->outcome, Outcome::kPass) << name << id;
    }
    EXPECT_EQ(verdict.Find("certificate.time")->outcome,
              expired ? Outcome::kFail : Outcome::kPass)
        << name;
    // All of them are debug enclaves, and there is no collateral.
    EXPECT_THAT(verdict.Failures(), Contains("debug"));
    EXPECT_FALSE(verdict.accepted);
  }
}

TEST(EvidenceCertificateTest, ClaimsOfAnotherKeyAreRefused) {
  Evidence evidence = RecordedEvidence("ra-tls/ccc_gramine-cert.pem");
  evidence.carrier = RecordedEvidence("ra-tls/ccc_rats-tls-cert.pem").carrier;
  const Time now = At("2023-02-22T16:30:00Z");
  EXPECT_THAT(Verify(evidence, {}, Policy::Inspection(), {}, now).Failures(),
              Contains("certificate.key"));
  evidence = RecordedEvidence("ra-tls/ccc_gramine-cert.pem");
  evidence.carrier_claims.push_back(0);
  EXPECT_THAT(Verify(evidence, {}, Policy::Inspection(), {}, now).Failures(),
              ::testing::AllOf(Contains("certificate.claims"),
                               Contains("certificate.key")));
}

TEST(EvidenceCertificateTest, ACertificateWithoutEvidenceIsNone) {
  const auto read = ReadEvidence(testing::Recorded("sev-snp/coco_vlek.der"));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), Code::kNotFound);
}

// A certificate for a key whose claims an SNP report carries, in id-pe-cmw.
struct CmwCertificate {
  explicit CmwCertificate(bool json = false, std::string_view type = kCmwType)
      : key(testing::SigningKey::Ec(Ecdsa::kP256Sha256)) {
    const testing::Identity plain =
        testing::MakeIdentity({.subject = "node"}, nullptr, key);
    const crypto::Digest hash =
        crypto::Sha256Of(plain.certificate.PublicKeyInfo());
    const Bytes pair = CborArray({CborNumber(1), CborBytes(hash)});
    const Bytes claims = CborMap({{"pubkey-hash", CborBytes(pair)}});
    const crypto::Digest claims_hash = crypto::Sha256Of(claims);
    std::fill_n(snp.report.begin() + 0x50, 64, uint8_t{0});
    std::ranges::copy(claims_hash, snp.report.begin() + 0x50);
    const Bytes value = CborMap(
        {{"report", CborBytes(snp.Sign().bytes)},
         {"certs", CborBytes(testing::CertTable(
                       {{testing::kVcekGuid, snp.vek.certificate.der()}}))},
         {"claims", CborBytes(claims)}});
    const Bytes record = CborArray({CborText(type), CborBytes(value)});
    const std::string text =
        "[\"" + std::string(type) + "\",\"" + testing::Base64(value) + "\"]";
    const Bytes extension =
        json ? testing::Der(0x0C, AsBytes(text)) : testing::DerOctets(record);
    certificate = testing::MakeIdentity(
                      {.subject = "node", .extensions = {{kCmwOid, extension}}},
                      nullptr, key)
                      .certificate.der();
  }
  Verdict Judge() const {
    Endorsements endorsements;
    EXPECT_TRUE(endorsements.Add(snp.crls[0]).has_value());
    return VerifyAgainst(snp.roots, *ReadEvidence(certificate), endorsements,
                         snp.Deployment(), {}, snp.now);
  }
  TestSnp snp;
  testing::SigningKey key;
  Bytes certificate;
};

TEST(EvidenceCertificateTest, SnpEvidenceInACmwIsAccepted) {
  for (const bool json : {false, true}) {
    const Verdict verdict = CmwCertificate(json).Judge();
    EXPECT_THAT(verdict.Failures(), IsEmpty());
    EXPECT_TRUE(verdict.accepted);
    EXPECT_EQ(verdict.form, "certificate");
  }
}

TEST(EvidenceCertificateTest, RecordsOfOtherTypesAreRefused) {
  for (const bool json : {false, true}) {
    const CmwCertificate other(json, "application/octet-stream");
    const auto read = ReadEvidence(other.certificate);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code(), Code::kDataLoss);
  }
}

TEST(EvidenceCertificateTest, BrokenExtensionsAreRefused) {
  const Bytes quote = {1, 2, 3};
  const Bytes fine = CborBytes(quote);
  for (const auto& [oid, value] :
       {std::pair<std::string, Bytes>{kRaTlsOid, {}},
        {kRaTlsOid, fine},
        {kRaTlsOid, {0xD9, 0xEA, 0x60, 0x01}},
        {kRaTlsOid, {0xD9, 0xEA, 0x60, 0x80}},
        {kRaTlsOid, {0xD9, 0xEA, 0x60, 0x82, 0x01, 0x02}},
        {kRaTlsOid, {0xD9, 0xEA, 0x61, 0x82, 0x41, 0x02, 0x41, 0x02}},
        {kCmwOid, {}},
        {kCmwOid, testing::DerNumber(1)},
        {kCmwOid, testing::DerOctets(fine)},
        {kCmwOid, testing::Der(0x0C, AsBytes("[[[[["))},
        {kCmwOid, testing::Der(0x0C, AsBytes("{}"))}}) {
    const auto identity = testing::MakeIdentity(
        {.subject = "node", .extensions = {{oid, value}}}, nullptr);
    EXPECT_FALSE(ReadCarriedEvidence(identity.certificate).has_value());
  }
}

}  // namespace
}  // namespace cmif::tee
