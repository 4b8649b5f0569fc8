// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/lower_case.h"

#include <gtest/gtest.h>

namespace cmif::text {
namespace {

TEST(LowerCaseTest, LettersOfAnyScriptAreLowered) {
  EXPECT_EQ(LowerCase("The END 42."), "the end 42.");
  EXPECT_EQ(LowerCase("ÉCOLE Ωμέγα ДОМ"), "école ωμέγα дом");
  EXPECT_EQ(LowerCase(""), "");
}

TEST(LowerCaseTest, WhatHasNoCaseStays) {
  EXPECT_EQ(LowerCase("日本 ß 😀"), "日本 ß 😀");
}

TEST(LowerCaseTest, BytesThatAreNoTextStay) {
  EXPECT_EQ(LowerCase("A\xff\xc3"), "a\xff\xc3");
  EXPECT_EQ(LowerCase(std::string_view("\0A", 2)), std::string_view("\0a", 2));
}

}  // namespace
}  // namespace cmif::text
