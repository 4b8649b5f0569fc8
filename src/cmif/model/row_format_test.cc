// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/row_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "cmif/base/random.h"

namespace cmif::model {
namespace {

TEST(RowFormatTest, RefusesWhatCannotBe) {
  EXPECT_TRUE(RowFormat::Create("q8_0", 576).has_value());
  EXPECT_EQ(RowFormat::Create("q8_0", 576)->row_bytes(), 612U);
  EXPECT_FALSE(RowFormat::Create("q4_K", 576).has_value());
  EXPECT_FALSE(RowFormat::Create("i32", 64).has_value());
  EXPECT_FALSE(RowFormat::Create("f32", 0).has_value());
  EXPECT_FALSE(RowFormat::Create("nonsense", 64).has_value());
  EXPECT_FALSE(RowFormat::Create("f32", 1U << 30).has_value());
}

TEST(RowFormatTest, ExpandsF32Unchanged) {
  const auto format = RowFormat::Create("f32", 4);
  const std::vector<float> row = {1, -2, 3.5, 0};
  std::vector<float> out(4);
  format->Expand({reinterpret_cast<const uint8_t*>(row.data()), 16}, out);
  EXPECT_EQ(out, row);
}

// Uniform in [-1, 1).
std::vector<float> RandomValues(uint32_t width, uint64_t seed) {
  InsecureSeededRandom random(seed);
  std::vector<float> values(width);
  for (float& value : values) {
    value = static_cast<float>(random.Next32() / 2147483648.0 - 1);
  }
  return values;
}

struct TypeError {
  const char* type;
  // Of values in [-1, 1], from the type's step: bf16 keeps 8 bits, q8_0 has 127
  // steps from 0 to the largest value, q4_0 8 of them, q4_1 15 in all; K types
  // have scales in 6 bits besides.
  float largest_error;
};

class CompressTest : public ::testing::TestWithParam<TypeError> {};

TEST_P(CompressTest, ComesBackWithinTheTypesStep) {
  const auto format = RowFormat::Create(GetParam().type, 512).value();
  const std::vector<float> values = RandomValues(512, 1);
  const auto row = format.Compress(values);
  ASSERT_TRUE(row);
  ASSERT_EQ(row->size(), format.row_bytes());
  std::vector<float> back(512);
  format.Expand(*row, back);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(back[i], values[i], GetParam().largest_error) << i;
  }
  EXPECT_EQ(format.Compress(values).value(), *row);
}

INSTANTIATE_TEST_SUITE_P(
    Types, CompressTest,
    ::testing::Values(TypeError{"f32", 0}, TypeError{"f16", 0x1p-11F},
                      TypeError{"bf16", 0x1p-8F}, TypeError{"q8_0", 0.5F / 126},
                      TypeError{"q5_1", 1.1F / 31}, TypeError{"q4_0", 1 / 8.0F},
                      TypeError{"q4_1", 1.1F / 15}, TypeError{"q6_K", 0.05F},
                      TypeError{"q4_K", 0.15F}),
    [](const auto& type) { return std::string(type.param.type); });

TEST(RowFormatTest, WhatIsNotFiniteIsNotCompressed) {
  const auto format = RowFormat::Create("q8_0", 32).value();
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    std::vector<float> values(32, 1.0F);
    values[31] = bad;
    const auto row = format.Compress(values);
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().code(), Code::kInvalidArgument);
  }
}

TEST(RowFormatTest, TypesThatNeedAnImportanceMatrixAreNotCompressed) {
  const auto format = RowFormat::Create("iq2_xs", 256);
  ASSERT_TRUE(format);
  const auto row = format->Compress(RandomValues(256, 2));
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code(), Code::kUnimplemented);
}

}  // namespace
}  // namespace cmif::model
