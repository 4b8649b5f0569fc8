// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/delta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

TEST(DeltaTest, TheLimitsAndTheDefaultExist) {
  for (const double value : {1e-30, 1e-6, 0.5}) {
    EXPECT_EQ(Delta::Create(value)->value(), value);
  }
  EXPECT_EQ(Delta::Default(), Delta::Create(1e-6).value());
}

TEST(DeltaTest, EachBadValueHasItsOwnMessage) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [value, text] :
       {std::pair{std::numeric_limits<double>::quiet_NaN(), "not a number"},
        {0.0, "positive"},
        {-1e-6, "positive"},
        {-infinity, "positive"},
        {9e-31, "below"},
        {0.51, "above"},
        {infinity, "above"}}) {
    const auto delta = Delta::Create(value);
    ASSERT_FALSE(delta.has_value());
    EXPECT_EQ(delta.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(delta.error().message(), HasSubstr(text));
  }
}

}  // namespace
}  // namespace cmif::privacy
