// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/gramine_attester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <thread>

#include "cmif/base/byte_reader.h"

namespace cmif::platform {
namespace {

using ::testing::HasSubstr;

// /dev/attestation as Gramine has it: one user_report_data for all threads.
class FakeGramine final : public KernelFiles {
 public:
  std::string type = "dcap\n";
  Errno write_error = 0;
  Errno quote_error = 0;
  size_t quote_bytes = 4734;
  bool stranger = false;  // writes between writing and reading

  bool Exists(const std::string&) override { return true; }
  Errno MakeFolder(const std::string&) override { return EACCES; }
  Errno RemoveFolder(const std::string&) override { return EACCES; }
  Errno Write(const std::string& path,
              std::span<const uint8_t> bytes) override {
    if (path != "/dev/attestation/user_report_data") return EACCES;
    const std::lock_guard lock(mutex_);
    report_data_.assign(bytes.begin(), bytes.end());
    if (stranger) report_data_.assign(64, 0xEE);
    return write_error;
  }
  std::expected<std::vector<uint8_t>, Errno> Read(const std::string& path,
                                                  size_t limit) override {
    if (path == "/dev/attestation/attestation_type") {
      if (type.empty()) return std::unexpected(ENOENT);
      const auto bytes = AsBytes(type);
      return std::vector<uint8_t>(bytes.begin(), bytes.end());
    }
    if (path != "/dev/attestation/quote") return std::unexpected(ENOENT);
    if (quote_error != 0) return std::unexpected(quote_error);
    if (quote_bytes > limit) return std::unexpected(EFBIG);
    const std::lock_guard lock(mutex_);
    std::vector<uint8_t> quote(quote_bytes);
    if (quote.size() >= 432) {
      quote[0] = 3;
      std::ranges::copy(report_data_, quote.begin() + 368);
    }
    return quote;
  }

 private:
  std::mutex mutex_;
  std::vector<uint8_t> report_data_ = std::vector<uint8_t>(64);
};

class GramineAttesterTest : public ::testing::Test {
 protected:
  Result<std::vector<uint8_t>> Collect(uint8_t fill) {
    auto attester = GramineAttester::Open(gramine_);
    if (!attester) return std::unexpected(attester.error());
    ReportData report_data;
    report_data.fill(fill);
    return (*attester)->Collect(report_data);
  }
  void ExpectRefused(Code code, const std::string& says) {
    const auto evidence = Collect(1);
    ASSERT_FALSE(evidence.has_value());
    EXPECT_EQ(evidence.error().code(), code);
    EXPECT_THAT(evidence.error().message(), HasSubstr(says));
  }

  const std::shared_ptr<FakeGramine> gramine_ = std::make_shared<FakeGramine>();
};

TEST_F(GramineAttesterTest, GivesAQuoteForTheData) {
  const auto quote = Collect(0xB2);
  ASSERT_TRUE(quote.has_value()) << quote.error().message();
  EXPECT_EQ(quote->size(), 4734U);
  EXPECT_EQ((*GramineAttester::Open(gramine_))->platform(), "sgx");
}

TEST_F(GramineAttesterTest, SaysWhyThereIsNone) {
  gramine_->type = "";
  ExpectRefused(Code::kNotFound, "attestation_type");
  gramine_->type = "none";
  ExpectRefused(Code::kFailedPrecondition, "sgx.remote_attestation");
  gramine_->type = "epid\n";
  ExpectRefused(Code::kUnimplemented, "DCAP");
}

TEST_F(GramineAttesterTest, FailuresAreNamed) {
  gramine_->quote_error = EPERM;
  ExpectRefused(Code::kPermissionDenied, "aesmd");
  gramine_->quote_error = 0;
  gramine_->quote_bytes = 0;
  ExpectRefused(Code::kUnavailable, "no quote");
  gramine_->quote_bytes = 431;
  ExpectRefused(Code::kUnavailable, "other data");
  gramine_->quote_bytes = (1 << 20) + 1;
  ExpectRefused(Code::kInternal, "quote");
  gramine_->write_error = EINVAL;
  ExpectRefused(Code::kInternal, "user_report_data");
}

TEST_F(GramineAttesterTest, AQuoteForTheDataOfOthersIsNotUsed) {
  gramine_->stranger = true;
  ExpectRefused(Code::kUnavailable, "other data");
}

TEST_F(GramineAttesterTest, ThreadsDoNotGetTheQuotesOfEachOther) {
  const auto attester = GramineAttester::Open(gramine_);
  ASSERT_TRUE(attester.has_value());
  const auto ask = [&](uint8_t fill) {
    ReportData report_data;
    report_data.fill(fill);
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE((*attester)->Collect(report_data).has_value());
    }
  };
  std::thread first(ask, uint8_t{1});
  std::thread second(ask, uint8_t{2});
  first.join();
  second.join();
}

}  // namespace
}  // namespace cmif::platform
