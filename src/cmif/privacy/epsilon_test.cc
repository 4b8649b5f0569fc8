// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/epsilon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

TEST(EpsilonTest, WhatIsTypedIsWhatIsMeant) {
  for (const auto& [typed, micro] : {std::pair{0.001, 1'000U},
                                     {0.57, 570'000U},
                                     {1.0, 1'000'000U},
                                     {2.3, 2'300'000U},
                                     {16.0, 16'000'000U}}) {
    EXPECT_EQ(Epsilon::Create(typed)->micro(), micro);
    EXPECT_EQ(Epsilon::Create(typed)->value(), typed);
  }
}

TEST(EpsilonTest, FractionsOfAMicroAreDropped) {
  EXPECT_EQ(Epsilon::Create(1.0000009)->micro(), 1'000'000U);
  EXPECT_EQ(Epsilon::Create(0.9999999)->micro(), 999'999U);
}

TEST(EpsilonTest, EachBadValueHasItsOwnMessage) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [value, text] :
       {std::pair{std::numeric_limits<double>::quiet_NaN(), "not a number"},
        {infinity, "identity"},
        {-infinity, "positive"},
        {0.0, "positive"},
        {-1.0, "positive"},
        {0.0009999, "below 0.001"},
        {16.000001, "32-bit weights cannot follow"}}) {
    const auto epsilon = Epsilon::Create(value);
    ASSERT_FALSE(epsilon.has_value());
    EXPECT_EQ(epsilon.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(epsilon.error().message(), HasSubstr(text));
  }
}

TEST(EpsilonTest, MicroKeepsTheLimits) {
  EXPECT_TRUE(Epsilon::FromMicro(1'000));
  EXPECT_TRUE(Epsilon::FromMicro(16'000'000));
  EXPECT_FALSE(Epsilon::FromMicro(999));
  EXPECT_FALSE(Epsilon::FromMicro(16'000'001));
}

TEST(EpsilonTest, TotalsStayAtTheLargestValue) {
  EXPECT_EQ(TotalMicro(3, 999'500), 2'998'500U);
  EXPECT_EQ(TotalMicro(0, 5), 0U);
  EXPECT_EQ(TotalMicro(1ULL << 63, 4), std::numeric_limits<uint64_t>::max());
}

}  // namespace
}  // namespace cmif::privacy
