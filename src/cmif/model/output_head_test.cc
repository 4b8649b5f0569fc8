// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/output_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace cmif::model {
namespace {

constexpr uint32_t kWidth = 256;
constexpr uint32_t kRows = 301;

std::vector<float> Normal(size_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

EmbeddingTable Rows(const std::string& type) {
  const RowFormat format = RowFormat::Create(type, kWidth).value();
  SecretBytes bytes(format.row_bytes() * kRows);
  for (uint32_t row = 0; row < kRows; ++row) {
    const auto packed = format.Compress(Normal(kWidth, row)).value();
    std::ranges::copy(packed,
                      bytes.bytes().subspan(row * packed.size()).begin());
  }
  return EmbeddingTable::Create(format, kRows, std::move(bytes)).value();
}

class OutputHeadTest : public ::testing::TestWithParam<std::string> {};

// Against the plain sum of products in double precision. ggml rounds the state
// to 8 bits for quantized rows, hence the tolerance: a hundredth of a logit's
// standard deviation, which is 16.
TEST_P(OutputHeadTest, LogitsAreTheProductsOfRowsAndState) {
  const EmbeddingTable rows = Rows(GetParam());
  const std::vector<float> expanded = rows.Expanded(1);
  auto head = OutputHead::Create(rows, 2);
  ASSERT_TRUE(head) << head.error().message();
  for (const uint32_t seed : {1000U, 1001U}) {
    const std::vector<float> state = Normal(kWidth, seed);
    const auto logits = head->Logits(state);
    ASSERT_TRUE(logits);
    ASSERT_EQ(logits->size(), kRows);
    double squares = 0;
    for (uint32_t row = 0; row < kRows; ++row) {
      double expected = 0;
      for (uint32_t i = 0; i < kWidth; ++i) {
        expected += double{expanded[row * kWidth + i]} * state[i];
      }
      squares += std::pow(expected - (*logits)[row], 2);
    }
    EXPECT_LT(std::sqrt(squares / kRows), 0.16);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, OutputHeadTest,
                         ::testing::Values("f32", "f16", "bf16", "q8_0", "q4_0",
                                           "q4_1", "q4_K", "q6_K"));

TEST(OutputHeadMoveTest, WorksAfterAMove) {
  const EmbeddingTable rows = Rows("f32");
  auto first = OutputHead::Create(rows, 1).value();
  const std::vector<float> state = Normal(kWidth, 5);
  const auto before = first.Logits(state).value();
  const std::vector<float> copy(before.begin(), before.end());
  OutputHead second = std::move(first);
  const auto after = second.Logits(state).value();
  EXPECT_TRUE(std::ranges::equal(copy, after));
}

}  // namespace
}  // namespace cmif::model
