// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/listen_address.h"

#include <gtest/gtest.h>

namespace cmif::server {
namespace {

TEST(ListenAddressTest, ReadsHostAndPort) {
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:7070")->ToString(),
            "127.0.0.1:7070");
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->ToString(5), "[::1]:5");
  EXPECT_EQ(ListenAddress::Parse("gpu.example.org:65535")->port(), 65535);
}

TEST(ListenAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", ":", ":7070", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
        "127.0.0.1:65536", "127.0.0.1:-1", "::1:7070", "[]:1", "[::1]",
        "http://a:1", "a b:1", "127.0.0.1:70 70"}) {
    const auto address = ListenAddress::Parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), Code::kInvalidArgument);
  }
}

TEST(ListenAddressTest, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1",
                           "localhost:1", "[0:0:0:0:0:0:0:1]:1"}) {
    EXPECT_TRUE(ListenAddress::Parse(text)->IsLoopback()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "[::]:1", "192.168.1.1:1", "[fe80::1]:1", "128.0.0.1:1",
        "localhost.example.org:1"}) {
    EXPECT_FALSE(ListenAddress::Parse(text)->IsLoopback()) << text;
  }
}

TEST(ListenAddressTest, ProbeNamesWhatIsWrong) {
  EXPECT_TRUE(ListenAddress::Parse("127.0.0.1:0")->Probe());
  EXPECT_EQ(ListenAddress::Parse("192.0.2.1:0")->Probe().error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      ListenAddress::Parse("no.such.host.invalid:0")->Probe().error().code(),
      Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::server
