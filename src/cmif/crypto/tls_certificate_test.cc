// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/tls_certificate.h"

#include <gtest/gtest.h>

#include "cmif/crypto/testing/test_ca.h"

namespace cmif::crypto {
namespace {

using testing::TestCa;
using Use = TlsCertificate::Use;

constexpr int64_t kNow = 1'800'000'000;

TlsCertificate Issued(const TestCa& ca, const testing::IssueSpec& spec = {}) {
  return TlsCertificate::FromPem(ca.Issue(TlsKey::Generate(), spec)).value();
}

void ExpectRefused(const Result<void>& result, std::string_view says) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kUnauthenticated);
  EXPECT_NE(result.error().message().find(says), std::string::npos)
      << result.error().message();
}

TEST(TlsCertificateTest, KnowsItsKey) {
  const TlsKey key = TlsKey::Generate();
  const auto certificate = TlsCertificate::FromPem(TestCa().Issue(key));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->key_sha256(), key.sha256());
  EXPECT_TRUE(certificate->IsOf(key));
  EXPECT_FALSE(certificate->IsOf(TlsKey::Generate()));
}

TEST(TlsCertificateTest, IssuerMustBeTheAuthority) {
  const TestCa ca;
  const TlsCertificate certificate = Issued(ca);
  EXPECT_TRUE(certificate.CheckIssuer(ca.pem(), Use::kServer, kNow));
  EXPECT_TRUE(certificate.CheckIssuer(ca.pem(), Use::kClient, kNow));
  // Of the same name, with another key.
  ExpectRefused(certificate.CheckIssuer(TestCa().pem(), Use::kServer, kNow),
                "certificate authority");
  EXPECT_EQ(certificate.CheckIssuer("none", Use::kServer, kNow).error().code(),
            Code::kDataLoss);
}

TEST(TlsCertificateTest, ExpiredIsRefused) {
  const TestCa ca;
  const TlsCertificate certificate =
      Issued(ca, {.not_before = kNow - 100, .not_after = kNow});
  EXPECT_TRUE(certificate.CheckTime(kNow));
  ExpectRefused(certificate.CheckTime(kNow + 1), "expired at 2027-01-15");
  ExpectRefused(certificate.CheckTime(kNow - 101), "clock");
  ExpectRefused(certificate.CheckIssuer(ca.pem(), Use::kServer, kNow + 2),
                "expired");
}

TEST(TlsCertificateTest, HostMustStandInIt) {
  const TestCa ca;
  const TlsCertificate certificate =
      Issued(ca, {.names = "DNS:gpu.example.org,IP:10.0.0.1,IP:::1"});
  for (const char* host : {"gpu.example.org", "10.0.0.1", "::1"}) {
    EXPECT_TRUE(certificate.CheckHost(host)) << host;
  }
  for (const char* host : {"example.org", "a.gpu.example.org", "10.0.0.2",
                           "::2", "localhost", ""}) {
    ExpectRefused(certificate.CheckHost(host), "is not for");
  }
  ExpectRefused(Issued(ca, {.names = ""}).CheckHost("a test's host"),
                "is not for");
}

TEST(TlsCertificateTest, UseMustFit) {
  const TestCa ca;
  const TlsCertificate certificate =
      Issued(ca, {.extended_key_usage = "clientAuth"});
  EXPECT_TRUE(certificate.CheckIssuer(ca.pem(), Use::kClient, kNow));
  ExpectRefused(certificate.CheckIssuer(ca.pem(), Use::kServer, kNow),
                "extended key usage");
}

TEST(TlsCertificateTest, ALeafIsNoAuthority) {
  const TestCa ca;
  const std::string leaf = ca.Issue(TlsKey::Generate());
  const TlsCertificate other = Issued(TestCa("a test's host"));
  ExpectRefused(other.CheckIssuer(leaf, Use::kServer, kNow), "authority");
}

TEST(TlsCertificateTest, RefusesWhatIsNoCertificate) {
  const std::string pem = TestCa().pem();
  std::string many;
  for (int i = 0; i < 17; ++i) many += pem;
  EXPECT_EQ(TlsCertificate::FromPem("").error().code(), Code::kDataLoss);
  EXPECT_EQ(TlsCertificate::FromPem(TlsKey::Generate().ToPem()).error().code(),
            Code::kDataLoss);
  EXPECT_EQ(TlsCertificate::FromPem(pem.substr(0, 200)).error().code(),
            Code::kDataLoss);
  EXPECT_EQ(TlsCertificate::FromPem(many).error().code(),
            Code::kResourceExhausted);
}

TEST(MakeSelfSignedTest, CarriesWhatItWasGiven) {
  const TlsKey key = TlsKey::Generate();
  const auto pem = MakeSelfSigned(key, {.common_name = "cmif",
                                        .not_before = kNow - 10,
                                        .not_after = kNow + 10,
                                        .extensions = {{"1.2.3", {5, 0}}}});
  ASSERT_TRUE(pem);
  const auto certificate = TlsCertificate::FromPem(*pem);
  ASSERT_TRUE(certificate);
  EXPECT_TRUE(certificate->IsOf(key));
  EXPECT_EQ(certificate->not_before(), kNow - 10);
  EXPECT_EQ(certificate->not_after(), kNow + 10);
  EXPECT_TRUE(certificate->CheckIssuer(*pem, Use::kServer, kNow));
}

TEST(MakeSelfSignedTest, RefusesNonsense) {
  const TlsKey key = TlsKey::Generate();
  EXPECT_FALSE(MakeSelfSigned(key, {"cmif", 10, 10, {}}));
  EXPECT_FALSE(MakeSelfSigned(key, {"cmif", 10, 20, {{"no oid", {5, 0}}}}));
  EXPECT_FALSE(MakeSelfSigned(key, {std::string(1000, 'x'), 10, 20, {}}));
}

}  // namespace
}  // namespace cmif::crypto
