// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/pck.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::tee {
namespace {

using testing::Recorded;

std::vector<uint8_t> ExtensionOf(const std::string& quote_file) {
  const auto bytes = Recorded(quote_file);
  const Quote quote = *Quote::Parse(bytes);
  return *CertificatesFromPem(AsText(quote.certificates))
              ->at(0)
              .Extension(kPckExtensionOid);
}

TEST(PckExtensionTest, ReadsPlatformAndProcessorCertificates) {
  const auto platform =
      PckExtension::Parse(ExtensionOf("tdx/gtg_v5_quote.dat"));
  ASSERT_TRUE(platform.has_value()) << platform.error().message();
  EXPECT_EQ(crypto::ToHex(platform->fmspc), "90c06f000000");
  EXPECT_TRUE(platform->platform_instance_id.has_value());
  const auto processor =
      PckExtension::Parse(ExtensionOf("sgx/phala_v3_quote.bin"));
  ASSERT_TRUE(processor.has_value()) << processor.error().message();
  EXPECT_EQ(crypto::ToHex(processor->fmspc), "00a067110000");
  EXPECT_EQ(crypto::ToHex(processor->pce_id), "0000");
  EXPECT_FALSE(processor->platform_instance_id.has_value());
}

TEST(PckExtensionTest, EveryTruncationIsRefused) {
  const auto value = ExtensionOf("tdx/gtg_v5_quote.dat");
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(PckExtension::Parse(std::span(value).first(size)).has_value());
  }
}

TEST(PckExtensionTest, AFieldTwiceIsRefused) {
  std::vector<uint8_t> value = ExtensionOf("sgx/phala_v3_quote.bin");
  // FMSPC, 1.2.840.113741.1.13.1.4, becomes a second PCEID (.3).
  const std::vector<uint8_t> fmspc = {0x4D, 1, 13, 1, 4, 4, 6};
  const auto at = std::ranges::search(value, fmspc).begin();
  ASSERT_NE(at, value.end());
  *(at + 4) = 3;
  EXPECT_FALSE(PckExtension::Parse(value).has_value());
}

TEST(PckExtensionTest, OtherExtensionsAreRefused) {
  EXPECT_FALSE(PckExtension::Parse({}).has_value());
  const std::vector<uint8_t> number = {2, 1, 0};
  EXPECT_FALSE(PckExtension::Parse(number).has_value());
  const std::vector<uint8_t> empty = {0x30, 0};
  EXPECT_FALSE(PckExtension::Parse(empty).has_value());
}

}  // namespace
}  // namespace cmif::tee
