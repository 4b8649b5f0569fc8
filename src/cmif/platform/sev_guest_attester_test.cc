// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/sev_guest_attester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sev-guest.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cmif::platform {
namespace {

using ::testing::HasSubstr;

class SevGuestAttesterTest : public ::testing::Test {
 protected:
  Result<std::vector<uint8_t>> Collect() {
    SevGuestAttester attester(
        [this](unsigned long request, void* argument) {
          return Device(request,
                        *static_cast<snp_guest_request_ioctl*>(argument));
        },
        [this](std::chrono::milliseconds) { ++pauses_; });
    ReportData report_data;
    report_data.fill(0xB2);
    return attester.Collect(report_data);
  }
  void ExpectRefused(Code code, const std::string& says) {
    const auto evidence = Collect();
    ASSERT_FALSE(evidence.has_value());
    EXPECT_EQ(evidence.error().code(), code);
    EXPECT_THAT(evidence.error().message(), HasSubstr(says));
  }

  // The kernel's interface gives addresses as numbers.
  template <typename T>
  static T* At(uint64_t address) {
    return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr)
  }
  // As the driver and the host behave.
  int Device(unsigned long number, snp_guest_request_ioctl& guest) {
    EXPECT_EQ(number, SNP_GET_EXT_REPORT);
    EXPECT_EQ(guest.msg_version, 1);
    auto& request = *At<snp_ext_report_req>(guest.req_data);
    auto& response = *At<snp_report_resp>(guest.resp_data);
    EXPECT_EQ(request.data.vmpl, 0U);
    if (busy_ > 0) {
      --busy_;
      guest.vmm_error = SNP_GUEST_VMM_ERR_BUSY;
      return EAGAIN;
    }
    if (error_ != 0) {
      guest.exitinfo2 = exitinfo2_;
      return error_;
    }
    if (request.certs_len < certs_.size() || always_wants_more_) {
      guest.vmm_error = SNP_GUEST_VMM_ERR_INVALID_LEN;
      request.certs_len = wanted_bytes_ != 0
                              ? wanted_bytes_
                              : static_cast<uint32_t>(certs_.size());
      return EIO;
    }
    std::ranges::copy(certs_, At<uint8_t>(request.certs_address));
    std::memcpy(response.data, &status_, 4);
    std::memcpy(response.data + 4, &report_bytes_, 4);
    std::memcpy(response.data + 0x20 + 0x50, request.data.user_data, 64);
    response.data[0x20 + 1183] = 0x5A;
    return 0;
  }

  std::vector<uint8_t> certs_;
  uint32_t status_ = 0;
  uint32_t report_bytes_ = 1184;
  uint32_t wanted_bytes_ = 0;
  bool always_wants_more_ = false;
  int busy_ = 0;
  int error_ = 0;
  uint64_t exitinfo2_ = 0;
  int pauses_ = 0;
};

TEST_F(SevGuestAttesterTest, GivesTheReport) {
  const auto report = Collect();
  ASSERT_TRUE(report.has_value()) << report.error().message();
  ASSERT_EQ(report->size(), 1184U);
  EXPECT_EQ(report->back(), 0x5A);
  EXPECT_EQ(report->at(0x50), 0xB2);
  EXPECT_EQ(report->at(0x50 + 63), 0xB2);
  EXPECT_EQ(report->at(0x4F), 0);
}

TEST_F(SevGuestAttesterTest, TakesTheCertificatesOfTheHost) {
  certs_.assign(8192, 7);
  const auto evidence = Collect();
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message();
  ASSERT_EQ(evidence->size(), 1184U + 8192);
  EXPECT_TRUE(std::ranges::equal(std::span(*evidence).subspan(1184), certs_));
}

TEST_F(SevGuestAttesterTest, RefusesSizesThatMakeNoSense) {
  certs_.assign(8192, 7);
  for (const uint32_t bytes : {4097U, (256U << 10) + 4096, UINT32_MAX}) {
    wanted_bytes_ = bytes;
    ExpectRefused(Code::kInternal, "certificates");
  }
  // The same size again and again would never end.
  wanted_bytes_ = 8192;
  always_wants_more_ = true;
  ExpectRefused(Code::kInternal, "certificates");
}

TEST_F(SevGuestAttesterTest, ABusyHostIsAskedAgain) {
  busy_ = 3;
  EXPECT_TRUE(Collect().has_value());
  EXPECT_EQ(pauses_, 3);
  busy_ = 1000;
  ExpectRefused(Code::kUnavailable, "busy");
}

TEST_F(SevGuestAttesterTest, FailuresAreNamed) {
  error_ = EIO;
  exitinfo2_ = 0x22;
  ExpectRefused(Code::kInternal, "firmware 0x22");
  error_ = EACCES;
  ExpectRefused(Code::kPermissionDenied, "/dev/sev-guest");
  error_ = 0;
  status_ = 0x16;
  ExpectRefused(Code::kInternal, "status 0x16");
  status_ = 0;
  report_bytes_ = 1183;
  ExpectRefused(Code::kInternal, "1183 bytes");
}

TEST_F(SevGuestAttesterTest, AMachineWithoutTheDeviceIsNotFound) {
  const auto attester =
      SevGuestAttester::Open(::testing::TempDir() + "/nothing");
  ASSERT_FALSE(attester.has_value());
  EXPECT_EQ(attester.error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace cmif::platform
