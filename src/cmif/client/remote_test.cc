// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <gtest/gtest.h>

namespace cmif::client {
namespace {

TEST(RemoteTest, NoServerIsUnavailableWithinSixSeconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "127.0.0.1:1"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kUnavailable);
  EXPECT_NE(remote.error().message().find("127.0.0.1:1"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(6));
}

TEST(RemoteTest, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "localhost", "127.0.0.1:0", "a b:1"}) {
    const auto remote = Remote::Connect({.address = address}, {});
    ASSERT_FALSE(remote.has_value());
    EXPECT_EQ(remote.error().code(), Code::kInvalidArgument);
  }
}

TEST(RemoteTest, AnotherMachineNeedsInsecure) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "192.0.2.1:7070"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kPermissionDenied);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace cmif::client
