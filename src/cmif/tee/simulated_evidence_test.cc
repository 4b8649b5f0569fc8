// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/simulated_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_simulated.h"

namespace cmif::tee {
namespace {

using ::testing::Each;
using testing::TestSimulated;

TEST(SimulatedEvidenceTest, ReadsEveryField) {
  TestSimulated machine;
  machine.fields[216] = 1;
  const auto read = SimulatedEvidence::Parse(machine.Sign());
  ASSERT_TRUE(read.has_value());
  EXPECT_THAT(read->measurement, Each(0xA1));
  EXPECT_THAT(read->report_data, Each(0xB2));
  EXPECT_THAT(read->host_data, Each(0xC3));
  EXPECT_THAT(read->platform_id, Each(0xD4));
  EXPECT_EQ(read->key, machine.key.public_key());
  EXPECT_TRUE(read->debug());
  EXPECT_TRUE(read->reserved_is_zero());
  machine.fields[223] = 0x80;
  EXPECT_FALSE(SimulatedEvidence::Parse(machine.Sign())->reserved_is_zero());
}

TEST(SimulatedEvidenceTest, RefusesOtherLengthsAndMagics) {
  std::vector<uint8_t> bytes = TestSimulated().Sign();
  ASSERT_EQ(bytes.size(), SimulatedEvidence::kBytes);
  for (const size_t size : {size_t{0}, size_t{8}, bytes.size() - 1}) {
    EXPECT_FALSE(SimulatedEvidence::Parse(std::span(bytes).first(size)));
  }
  bytes.push_back(0);
  EXPECT_FALSE(SimulatedEvidence::Parse(bytes));
  bytes.pop_back();
  bytes[7] = '2';
  EXPECT_FALSE(SimulatedEvidence::Parse(bytes));
}

TEST(SimulatedEvidenceTest, IsRecognisedInBinaryHexBase64AndJson) {
  const std::vector<uint8_t> bytes = TestSimulated().Sign();
  const std::string hex = crypto::ToHex(bytes);
  const std::string base64 = testing::Base64(bytes);
  const std::string json = R"({"report":")" + base64 + R"(","certs":[]})";
  for (const auto file : {std::span<const uint8_t>(bytes), AsBytes(hex),
                          AsBytes(base64), AsBytes(json)}) {
    const auto evidence = ReadEvidence(file);
    ASSERT_TRUE(evidence.has_value()) << evidence.error().message();
    EXPECT_EQ(evidence->platform, Evidence::Platform::kSimulated);
    EXPECT_EQ(evidence->bytes, bytes);
  }
}

}  // namespace
}  // namespace cmif::tee
