// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/simulated_attester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/crypto/sha256.h"

namespace cmif::platform {
namespace {

using ::testing::HasSubstr;

// The key of RFC 8410, section 10.3.
constexpr char kKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

class SimulatedAttesterTest : public ::testing::Test {
 protected:
  SimulatedAttesterTest() {
    std::ofstream(path_) << kKey;
    options_ = {.kind = "simulated",
                .simulated_key_file = path_,
                .measurement = std::vector<uint8_t>(48, 0xA1),
                .host_data = std::vector<uint8_t>(32, 0xC3)};
  }

  Code OpenCode() const {
    const auto attester = OpenAttester(options_);
    return attester ? Code::kOk : attester.error().code();
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_ / "simulated_key.pem";
  AttesterOptions options_;
};

TEST_F(SimulatedAttesterTest, SignsWhatItIsTold) {
  const auto attester = OpenAttester(options_);
  ASSERT_TRUE(attester.has_value()) << attester.error().message();
  EXPECT_EQ((*attester)->platform(), "simulated");
  ReportData report_data;
  report_data.fill(0xB2);
  const auto evidence = (*attester)->Collect(report_data);
  ASSERT_TRUE(evidence.has_value());
  ASSERT_EQ(evidence->size(), 320U);
  const std::string hex = crypto::ToHex(*evidence);
  const std::string key = hex.substr(448, 64);
  EXPECT_EQ(key,
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  EXPECT_TRUE(hex.starts_with(crypto::ToHex(
      std::vector<uint8_t>{'C', 'M', 'I', 'F', 'S', 'I', 'M', '1'})));
  EXPECT_EQ(hex.substr(16, 96), crypto::ToHex(options_.measurement));
  EXPECT_EQ(hex.substr(112, 128), crypto::ToHex(report_data));
  EXPECT_EQ(hex.substr(240, 64), crypto::ToHex(options_.host_data));
  EXPECT_EQ(hex.substr(432, 16), std::string(16, '0'));
  crypto::Ed25519PublicKey public_key;
  crypto::Ed25519Signature signature;
  std::copy_n(evidence->begin() + 224, 32, public_key.begin());
  std::copy_n(evidence->begin() + 256, 64, signature.begin());
  EXPECT_TRUE(crypto::VerifyEd25519(public_key, std::span(*evidence).first(256),
                                    signature));
}

TEST_F(SimulatedAttesterTest, HostDataIsZeroUnlessGiven) {
  options_.host_data.clear();
  const auto evidence = (*OpenAttester(options_))->Collect({});
  EXPECT_EQ(crypto::ToHex(*evidence).substr(240, 64), std::string(64, '0'));
}

TEST_F(SimulatedAttesterTest, RefusesWhatIsMissingOrOfAnotherLength) {
  options_.host_data.resize(31);
  EXPECT_EQ(OpenCode(), Code::kInvalidArgument);
  options_.host_data.clear();
  for (const size_t bytes : {0, 47, 49}) {
    options_.measurement.assign(bytes, 1);
    EXPECT_EQ(OpenCode(), Code::kInvalidArgument) << bytes;
  }
  options_.measurement.assign(48, 1);
  options_.simulated_key_file.clear();
  EXPECT_EQ(OpenCode(), Code::kInvalidArgument);
  options_.simulated_key_file = path_ + ".none";
  EXPECT_EQ(OpenCode(), Code::kNotFound);
  std::ofstream(path_) << "no key";
  options_.simulated_key_file = path_;
  const auto attester = OpenAttester(options_);
  ASSERT_FALSE(attester.has_value());
  EXPECT_EQ(attester.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(attester.error().message(), HasSubstr(path_));
}

}  // namespace
}  // namespace cmif::platform
