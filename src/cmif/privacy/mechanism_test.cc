// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/mechanism.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

TEST(MechanismTest, FindsByName) {
  const auto mechanism = FindMechanism("rnm-laplace");
  ASSERT_TRUE(mechanism);
  EXPECT_EQ((*mechanism)->name(), "rnm-laplace");
}

TEST(MechanismTest, UnknownNamesListTheKnownOnes) {
  for (const auto* name : {"", "rnm", "RNM-LAPLACE", "rnm-laplace "}) {
    const auto mechanism = FindMechanism(name);
    ASSERT_FALSE(mechanism.has_value());
    EXPECT_EQ(mechanism.error().code(), Code::kNotFound);
    EXPECT_THAT(mechanism.error().message(), HasSubstr("rnm-laplace"));
  }
}

TEST(MechanismTest, IdentityHasNoChannel) {
  EXPECT_TRUE(IsIdentity("identity"));
  EXPECT_FALSE(IsIdentity("rnm-laplace"));
  EXPECT_THAT(FindMechanism("identity").error().message(),
              HasSubstr("no channel"));
}

}  // namespace
}  // namespace cmif::privacy
