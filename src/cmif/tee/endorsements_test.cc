// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/endorsements.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_cert_table.h"

namespace cmif::tee {
namespace {

using testing::Recorded;

TEST(EndorsementsTest, ReadsCertificatesInEveryForm) {
  const auto der = Recorded("sev-snp/coco_milan_vcek.der");
  const std::string hex = crypto::ToHex(der);
  Endorsements endorsements;
  for (const auto& file : {der, std::vector<uint8_t>(hex.begin(), hex.end()),
                           testing::CertTable({{testing::kVcekGuid, der}})}) {
    ASSERT_TRUE(endorsements.Add(file).has_value());
    EXPECT_EQ(endorsements.certificates().back().der(), der);
  }
  ASSERT_TRUE(endorsements.Add(Recorded("sev-snp/coco_azure_vcek_chain.pem"))
                  .has_value());
  EXPECT_EQ(endorsements.certificates().size(), 6U);
  EXPECT_TRUE(endorsements.crls().empty());
}

TEST(EndorsementsTest, RefusesWhatItDoesNotKnow) {
  Endorsements endorsements;
  for (const std::string_view file :
       {"", "hello", "{}", "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"}) {
    const auto added = endorsements.Add(AsBytes(file));
    ASSERT_FALSE(added.has_value()) << file;
    EXPECT_EQ(added.error().code(), Code::kDataLoss) << file;
  }
  EXPECT_TRUE(endorsements.certificates().empty());
}

TEST(EndorsementsTest, LimitsTheNumberOfFiles) {
  Endorsements endorsements;
  const auto der = Recorded("sev-snp/coco_milan_vcek.der");
  for (size_t i = 0; i < Endorsements::kMaxFiles; ++i) {
    ASSERT_TRUE(endorsements.Add(der).has_value());
  }
  EXPECT_EQ(endorsements.Add(der).error().code(), Code::kResourceExhausted);
}

}  // namespace
}  // namespace cmif::tee
