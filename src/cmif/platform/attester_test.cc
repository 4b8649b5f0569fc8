// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/attester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cmif/base/testing/temp_folder.h"

namespace cmif::platform {
namespace {

using ::testing::HasSubstr;

TEST(AttesterTest, NoneCollectsNothing) {
  const auto attester = OpenAttester({.kind = "none"});
  ASSERT_TRUE(attester.has_value());
  EXPECT_EQ((*attester)->platform(), "none");
  EXPECT_EQ((*attester)->Collect({}).error().code(), Code::kFailedPrecondition);
}

TEST(AttesterTest, RefusesKindsThatItDoesNotKnow) {
  for (const char* kind : {"", "snp", "Simulated"}) {
    EXPECT_EQ(OpenAttester({.kind = kind}).error().code(),
              Code::kInvalidArgument);
  }
}

// A folder in which Gramine's files stand, and nothing moves.
class MachineTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  Result<std::unique_ptr<Attester>> Open(const std::string& kind) {
    return OpenAttester({.kind = kind, .root = root_});
  }

  const testing::TempFolder folder_;
  const std::string root_ = folder_.path();
};

TEST_F(MachineTest, WithoutATeeNothingIsFound) {
  for (const char* kind : {"auto", "configfs", "sev-guest", "gramine"}) {
    EXPECT_EQ(Open(kind).error().code(), Code::kNotFound) << kind;
  }
  EXPECT_THAT(Open("auto").error().message(), HasSubstr("confidential VM"));
}

TEST_F(MachineTest, AutoTakesWhatIsThere) {
  Put("/dev/attestation/attestation_type", "dcap\n");
  Put("/dev/attestation/user_report_data", "");
  ReportData report_data;
  report_data.fill('x');
  Put("/dev/attestation/quote", std::string(4734, 'x'));
  const auto attester = Open("auto");
  ASSERT_TRUE(attester.has_value()) << attester.error().message();
  EXPECT_EQ((*attester)->platform(), "sgx");
  EXPECT_EQ((*attester)->Collect(report_data)->size(), 4734U);
  EXPECT_EQ(
      std::filesystem::file_size(root_ + "/dev/attestation/user_report_data"),
      64U);
}

TEST_F(MachineTest, AutoSaysWhyWhatIsThereDoesNotWork) {
  Put("/dev/attestation/attestation_type", "none");
  const auto attester = Open("auto");
  ASSERT_FALSE(attester.has_value());
  EXPECT_EQ(attester.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(attester.error().message(), HasSubstr("gramine-direct"));
}

TEST_F(MachineTest, AFolderThatIsNoConfigfsIsLeftAsItWas) {
  Put("/sys/kernel/config/tsm/report/x", "");
  EXPECT_EQ(Open("configfs").error().code(), Code::kNotFound);
  std::filesystem::remove(root_ + "/sys/kernel/config/tsm/report/x");
  EXPECT_TRUE(
      std::filesystem::is_empty(root_ + "/sys/kernel/config/tsm/report"));
}

}  // namespace
}  // namespace cmif::platform
