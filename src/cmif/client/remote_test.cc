// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <gtest/gtest.h>

namespace cmif::client {
namespace {

TEST(IsLoopbackTest, ThisMachineAlone) {
  for (const char* address :
       {"127.0.0.1:7070", "127.1.2.3:1", "[::1]:7070", "localhost:7070"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
}

TEST(IsLoopbackTest, NoOther) {
  for (const char* address :
       {"", ":", ":7070", "localhost", "127.0.0.1", "127.0.0.1.5:1",
        "0.0.0.0:7070", "192.168.0.1:7070", "128.0.0.1:1", "example.org:7070",
        "127.0.0.1.example.org:7070", "127.example.org:1",
        "localhost.example.org:7070", "[::]:7070", "[::ffff:8.8.8.8]:1",
        "1270.0.0.1:7070", "127:7070", "unix:/tmp/socket", "dns:///a:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(RemoteTest, NoServerIsUnavailableWithinSixSeconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "127.0.0.1:1"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kUnavailable);
  EXPECT_NE(remote.error().message().find("127.0.0.1:1"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(6));
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
