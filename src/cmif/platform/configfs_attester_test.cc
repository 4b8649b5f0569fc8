// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/configfs_attester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "cmif/platform/testing/fake_tsm.h"

namespace cmif::platform {
namespace {

using testing::FakeTsm;
using ::testing::HasSubstr;

class ConfigfsAttesterTest : public ::testing::Test {
 protected:
  ConfigfsAttesterTest() { report_data_.fill(0xB2); }

  // After Open() only these are left.
  ~ConfigfsAttesterTest() override { EXPECT_EQ(tsm_->entries_left(), 0U); }

  Result<std::unique_ptr<Attester>> Open() {
    return ConfigfsAttester::Open(
        tsm_, [this](std::chrono::milliseconds) { ++pauses_; });
  }
  Result<std::vector<uint8_t>> Collect() {
    auto attester = Open();
    if (!attester) return std::unexpected(attester.error());
    if (prepare_) prepare_();
    return (*attester)->Collect(report_data_);
  }
  void ExpectRefused(Code code, const std::string& says) {
    const auto evidence = Collect();
    ASSERT_FALSE(evidence.has_value());
    EXPECT_EQ(evidence.error().code(), code);
    EXPECT_THAT(evidence.error().message(), HasSubstr(says));
  }
  bool Carries(const std::vector<uint8_t>& report) const {
    return std::ranges::equal(std::span(report).subspan(0x50, 64),
                              report_data_);
  }

  const std::shared_ptr<FakeTsm> tsm_ = std::make_shared<FakeTsm>();
  ReportData report_data_;
  std::function<void()> prepare_;  // between opening and collecting
  int pauses_ = 0;
};

TEST_F(ConfigfsAttesterTest, GivesAReportWithItsCertificateTable) {
  tsm_->auxblob = std::vector<uint8_t>(48, 7);
  const auto evidence = Collect();
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message();
  EXPECT_EQ((*Open())->platform(), "snp");
  ASSERT_EQ(evidence->size(), 1184U + 48);
  EXPECT_TRUE(Carries(*evidence));
  EXPECT_TRUE(
      std::ranges::equal(std::span(*evidence).subspan(1184), tsm_->auxblob));
}

TEST_F(ConfigfsAttesterTest, TheTableMayBeEmptyOrMissing) {
  EXPECT_EQ(Collect()->size(), 1184U);
  tsm_->has_auxblob = false;
  EXPECT_EQ(Collect()->size(), 1184U);
}

TEST_F(ConfigfsAttesterTest, GivesATdxQuoteAsItIs) {
  tsm_->provider = "tdx_guest\n";
  tsm_->outblob_bytes = 5000;
  tsm_->has_auxblob = false;
  EXPECT_EQ((*Open())->platform(), "tdx");
  EXPECT_EQ(Collect()->size(), 5000U);
}

TEST_F(ConfigfsAttesterTest, EachRequestHasAnEntryOfItsOwn) {
  const auto attester = Open();
  ASSERT_TRUE(attester.has_value());
  EXPECT_EQ(tsm_->entries_made, 1);
  EXPECT_TRUE((*attester)->Collect(report_data_));
  EXPECT_TRUE((*attester)->Collect(report_data_));
  EXPECT_EQ(tsm_->entries_made, 3);
}

TEST_F(ConfigfsAttesterTest, TakenNamesAreTriedAnew) {
  tsm_->names_taken = 3;
  EXPECT_TRUE(Collect().has_value());
  tsm_->names_taken = 1000;
  EXPECT_FALSE(Collect().has_value());
}

TEST_F(ConfigfsAttesterTest, WhatOthersWroteIsNotUsed) {
  prepare_ = [this] { tsm_->strangers = 2; };
  const auto evidence = Collect();
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message();
  EXPECT_TRUE(Carries(*evidence));
  prepare_ = [this] { tsm_->strangers = 1000; };
  ExpectRefused(Code::kUnavailable, "other processes write");
}

TEST_F(ConfigfsAttesterTest, ABusyDriverIsAskedAgain) {
  prepare_ = [this] { tsm_->busy = 4; };
  EXPECT_TRUE(Collect().has_value());
  EXPECT_EQ(pauses_, 4);
  prepare_ = [this] { tsm_->busy = 1000; };
  ExpectRefused(Code::kUnavailable, "privlevel_floor");
  EXPECT_EQ(pauses_, 4 + 100);
}

TEST_F(ConfigfsAttesterTest, AnEmptyAnswerIsAFailure) {
  tsm_->empty_outblob = true;
  ExpectRefused(Code::kUnavailable, "no report");
  tsm_->provider = "tdx_guest\n";
  ExpectRefused(Code::kUnavailable, "qgsd");
}

TEST_F(ConfigfsAttesterTest, FailuresOfTheHostAreNamed) {
  tsm_->outblob_error = EIO;
  ExpectRefused(Code::kInternal, "outblob");
  tsm_->outblob_error = 0;
  tsm_->outblob_bytes = 1183;
  ExpectRefused(Code::kInternal, "1183 bytes");
  tsm_->outblob_bytes = (1 << 20) + 1;
  ExpectRefused(Code::kInternal, "outblob");
}

TEST_F(ConfigfsAttesterTest, AsksForTheLevelThatThisSystemHas) {
  tsm_->floor = "2";
  EXPECT_TRUE(Collect().has_value());
  EXPECT_EQ(tsm_->privlevel, "2");
  tsm_->floor = "0";
  EXPECT_TRUE(Collect().has_value());
  EXPECT_EQ(tsm_->privlevel, "0");
}

TEST_F(ConfigfsAttesterTest, SaysWhyThereIsNone) {
  struct Row {
    int error;
    Code code;
    const char* says;
  };
  for (const Row& row :
       {Row{ENOENT, Code::kNotFound, "6.7"},
        Row{ENXIO, Code::kNotFound, "no driver"},
        Row{EACCES, Code::kPermissionDenied, "/sys/kernel/config"},
        Row{ENOMEM, Code::kInternal, "/sys/kernel/config"}}) {
    tsm_->folder_error = row.error;
    ExpectRefused(row.code, row.says);
  }
  tsm_->provider = "arm_cca_guest\n";
  ExpectRefused(Code::kUnimplemented, "sev_guest");
}

TEST_F(ConfigfsAttesterTest, ADriverThatIsExchangedIsNotUsed) {
  prepare_ = [this] { tsm_->provider = "tdx_guest\n"; };
  ExpectRefused(Code::kFailedPrecondition, "changed");
}

}  // namespace
}  // namespace cmif::platform
