// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/testing/test_release.h"

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/sha256.h"

namespace cmif::broker::testing {

std::string TestRule::Text() const {
  return R"({"id":")" + id + R"(","model":")" + TestResource().model_id +
         R"(","model_version":"1","platforms":)" + platforms + "," +
         configurations + R"(,"lease_seconds":)" + lease_seconds +
         R"(,"max_rows":)" + max_rows + R"(,"rate_per_hour":)" + rate_per_hour +
         more + "}";
}

Resource TestResource() { return {std::string(64, 'a'), "1"}; }

std::string PolicyText(const std::vector<TestRule>& rules,
                       const std::string& more, int version) {
  std::string text = R"({"kind":"cmif-release-policy","name":"test",)"
                     R"("version":)" +
                     std::to_string(version) + R"(,"rules":[)";
  for (const TestRule& rule : rules) {
    if (!text.ends_with('[')) text += ',';
    text += rule.Text();
  }
  return text + "]" + more + "}";
}

std::string PlatformsOf(const tee::testing::TestSnp& snp) {
  return R"({"snp":{"measurements":[")" +
         crypto::ToHex(std::span(snp.report).subspan(0x90, 48)) + R"("]}})";
}

std::string TestOwner::Sign(std::string_view text) const {
  return std::string(AsText(signer.Sign(AsBytes(text))));
}

std::string TestOwner::PublicPem() const {
  // RFC 8410: SubjectPublicKeyInfo of Ed25519.
  std::vector<uint8_t> der = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                              0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
  const auto key = signer.public_key();
  der.insert(der.end(), key.begin(), key.end());
  return "-----BEGIN PUBLIC KEY-----\n" + crypto::ToBase64(der) +
         "\n-----END PUBLIC KEY-----\n";
}

}  // namespace cmif::broker::testing
