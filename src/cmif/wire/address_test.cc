// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/address.h"

#include <gtest/gtest.h>

namespace cmif::wire {
namespace {

TEST(AddressTest, ReadsHostAndPort) {
  EXPECT_EQ(Address::Parse("127.0.0.1:7070")->ToString(), "127.0.0.1:7070");
  EXPECT_EQ(Address::Parse("[::1]:0")->ToString(5), "[::1]:5");
  EXPECT_EQ(Address::Parse("[::1]:1")->host(), "::1");
  EXPECT_EQ(Address::Parse("gpu.example.org:65535")->port(), 65535);
}

TEST(AddressTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", ":", ":7070", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
        "127.0.0.1:65536", "127.0.0.1:-1", "::1:7070", "[]:1", "[::1]",
        "http://a:1", "a b:1", "127.0.0.1:70 70", "localhost",
        "unix:/tmp/socket", "dns:///a:1"}) {
    const auto address = Address::Parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), Code::kInvalidArgument);
  }
}

TEST(AddressTest, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1",
                           "localhost:1", "[0:0:0:0:0:0:0:1]:1"}) {
    EXPECT_TRUE(Address::Parse(text)->IsLoopback()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "[::]:1", "192.168.1.1:1", "[fe80::1]:1", "128.0.0.1:1",
        "localhost.example.org:1", "127.0.0.1.5:1", "example.org:7070",
        "127.0.0.1.example.org:7070", "127.example.org:1", "[::ffff:8.8.8.8]:1",
        "1270.0.0.1:7070", "127:7070"}) {
    EXPECT_FALSE(Address::Parse(text)->IsLoopback()) << text;
  }
}

}  // namespace
}  // namespace cmif::wire
