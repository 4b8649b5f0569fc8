// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/attester.h"

#include <gtest/gtest.h>

namespace cmif::platform {
namespace {

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

}  // namespace
}  // namespace cmif::platform
