// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/listen_probe.h"

#include <gtest/gtest.h>

namespace cmif::server {
namespace {

Code ProbeFails(const char* text) {
  return ProbeListen(wire::Address::Parse(text).value()).error().code();
}

TEST(ProbeListenTest, NamesWhatIsWrong) {
  EXPECT_TRUE(ProbeListen(wire::Address::Parse("127.0.0.1:0").value()));
  EXPECT_EQ(ProbeFails("192.0.2.1:0"), Code::kInvalidArgument);
  EXPECT_EQ(ProbeFails("no.such.host.invalid:0"), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cmif::server
