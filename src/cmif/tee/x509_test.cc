// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/x509.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/roots.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::tee {
namespace {

using testing::Recorded;
using testing::RecordedCertificate;

TEST(RootsTest, AreTheVendorsOwn) {
  const Roots& roots = VendorRoots();
  ASSERT_EQ(roots.amd.size(), 3U);
  for (const AmdRoots& line : roots.amd) {
    const std::string name(SnpProductName(line.product));
    EXPECT_EQ(line.ark.subject(), "ARK-" + name);
    EXPECT_TRUE(line.ark.IsSelfSigned());
    EXPECT_EQ(line.ask.subject(), "SEV-" + name);
    EXPECT_EQ(line.asvk.subject(), "SEV-VLEK-" + name);
    EXPECT_TRUE(BuildChain(line.ask, {}, std::span(&line.ark, 1)).has_value());
    EXPECT_TRUE(BuildChain(line.asvk, {}, std::span(&line.ark, 1)).has_value());
  }
  ASSERT_EQ(roots.intel.size(), 1U);
  EXPECT_EQ(roots.intel[0].subject(), "Intel SGX Root CA");
  EXPECT_TRUE(roots.intel[0].IsSelfSigned());
  // The hashes that others publish (Trustee, go-sev-guest, dcap-qvl).
  EXPECT_TRUE(crypto::ToHex(crypto::Sha256Of(roots.amd[0].ark.der()))
                  .starts_with("69d063b4"));
  EXPECT_TRUE(crypto::ToHex(crypto::Sha256Of(roots.amd[1].ark.der()))
                  .starts_with("4c6598d1"));
  EXPECT_TRUE(crypto::ToHex(crypto::Sha256Of(roots.amd[2].ark.der()))
                  .starts_with("1f084161"));
  EXPECT_TRUE(crypto::ToHex(crypto::Sha256Of(roots.intel[0].der()))
                  .starts_with("44a0196b"));
}

TEST(CertificateTest, ReadsDerAlone) {
  std::vector<uint8_t> der = Recorded("sev-snp/virtee_turin_vcek.der");
  const auto turin = Certificate::FromDer(der);
  ASSERT_TRUE(turin.has_value());
  EXPECT_EQ(turin->subject(), "SEV-VCEK");
  EXPECT_EQ(turin->issuer(), "SEV-Turin");
  EXPECT_EQ(FormatTime(turin->not_before()), "2024-11-06T21:14:00Z");
  EXPECT_EQ(FormatTime(turin->not_after()), "2031-11-06T21:14:00Z");
  EXPECT_EQ(turin->der(), der);
  EXPECT_FALSE(turin->IsSelfSigned());
  EXPECT_FALSE(turin->Extension("1.2.3").has_value());
  EXPECT_FALSE(turin->Extension("no oid").has_value());
  for (const size_t size : {size_t{0}, size_t{1}, der.size() - 1}) {
    EXPECT_FALSE(Certificate::FromDer(std::span(der).first(size)).has_value());
  }
  der.push_back(0);
  EXPECT_EQ(Certificate::FromDer(der).error().code(), Code::kDataLoss);
  der.resize(kMaxCertificateBytes + 1);
  EXPECT_EQ(Certificate::FromDer(der).error().code(), Code::kResourceExhausted);
}

TEST(CertificateTest, ReadsPem) {
  const auto bytes = Recorded("sev-snp/coco_azure_vcek_chain.pem");
  std::string pem(AsText(bytes));
  EXPECT_EQ(CertificatesFromPem(pem)->size(), 3U);
  EXPECT_EQ(CertificatesFromPem(pem + '\0')->size(), 3U);
  EXPECT_EQ(CertificatesFromPem("")->size(), 0U);
  std::string many;
  for (int i = 0; i < 22; ++i) many += pem;
  EXPECT_EQ(CertificatesFromPem(many).error().code(), Code::kResourceExhausted);
  pem.resize(pem.size() - 40);
  EXPECT_EQ(CertificatesFromPem(pem).error().code(), Code::kDataLoss);
}

std::vector<Certificate> AmdIntermediates() {
  std::vector<Certificate> all;
  for (const AmdRoots& line : VendorRoots().amd) {
    all.insert(all.end(), {line.ask, line.asvk});
  }
  return all;
}

Result<std::vector<Certificate>> ChainTo(const std::string& file,
                                         size_t amd_line) {
  return BuildChain(RecordedCertificate(file), AmdIntermediates(),
                    std::span(&VendorRoots().amd[amd_line].ark, 1));
}

TEST(BuildChainTest, EveryRecordedVekLeadsToItsRoot) {
  for (const auto& [file, line] :
       {std::pair{"gsg_milan_vcek.der", 0}, std::pair{"coco_milan_vcek.der", 0},
        std::pair{"coco_vlek.der", 0}, std::pair{"dstack_milan_v3_vcek.pem", 0},
        std::pair{"coco_azure_vcek_chain.pem", 0},
        std::pair{"teekit_gcp_v5_vcek.pem", 0},
        std::pair{"derived_coco_e2e_genoa_vcek.der", 1},
        std::pair{"virtee_turin_vcek.der", 2}}) {
    const std::string name = std::string("sev-snp/") + file;
    const auto chain = ChainTo(name, static_cast<size_t>(line));
    ASSERT_TRUE(chain.has_value()) << file << chain.error().message();
    EXPECT_EQ(chain->size(), 3U);
    const auto other = ChainTo(name, static_cast<size_t>((line + 1) % 3));
    ASSERT_FALSE(other.has_value()) << file;
    EXPECT_EQ(other.error().code(), Code::kUnauthenticated);
  }
}

TEST(BuildChainTest, TamperedVeksLeadNowhere) {
  for (const char* file :
       {"coco_vcek_invalid_legacy.der", "coco_vcek_invalid_new.der"}) {
    EXPECT_FALSE(ChainTo(std::string("sev-snp/") + file, 0).has_value());
  }
}

TEST(BuildChainTest, WithoutIntermediateOrRootThereIsNoChain) {
  const Certificate vcek = RecordedCertificate("sev-snp/gsg_milan_vcek.der");
  const AmdRoots& milan = VendorRoots().amd[0];
  EXPECT_FALSE(BuildChain(vcek, {}, std::span(&milan.ark, 1)).has_value());
  EXPECT_FALSE(BuildChain(vcek, std::span(&milan.ask, 1), {}).has_value());
  // An intermediate is no root: it is not self-signed.
  EXPECT_FALSE(BuildChain(vcek, {}, std::span(&milan.ask, 1)).has_value());
}

TEST(CrlTest, RefusesWhatIsNoList) {
  EXPECT_FALSE(Crl::FromDer({}).has_value());
  EXPECT_FALSE(
      Crl::FromDer(Recorded("sev-snp/virtee_turin_vcek.der")).has_value());
  EXPECT_FALSE(Crl::FromPem("-----BEGIN X509 CRL-----\n").has_value());
  EXPECT_EQ(Crl::FromDer(std::vector<uint8_t>(kMaxCrlBytes + 1)).error().code(),
            Code::kResourceExhausted);
}

TEST(PublicKeyTest, RefusesPointsThatAreNotOnTheCurve) {
  std::vector<uint8_t> xy(64, 1);
  EXPECT_FALSE(PublicKey::FromPoint(Ecdsa::kP256Sha256, xy).has_value());
  xy.resize(63);
  EXPECT_FALSE(PublicKey::FromPoint(Ecdsa::kP256Sha256, xy).has_value());
}

}  // namespace
}  // namespace cmif::tee
