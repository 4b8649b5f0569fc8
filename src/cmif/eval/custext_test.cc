// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/custext.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace cmif::eval {
namespace {

// Unit vectors at these angles (degrees); counts falling with the id.
WordTypes Circle(const std::vector<double>& degrees) {
  WordTypes types;
  types.rows.rows = static_cast<int>(degrees.size());
  types.rows.width = 2;
  for (const double angle : degrees) {
    const double radians = angle * std::numbers::pi / 180;
    types.rows.values.push_back(static_cast<float>(std::cos(radians)));
    types.rows.values.push_back(static_cast<float>(std::sin(radians)));
  }
  for (size_t i = 0; i < degrees.size(); ++i) {
    types.counts.push_back(100 - i);
    types.stop_word.push_back(false);
    types.number.push_back(false);
  }
  return types;
}

TEST(CustextTest, FrequentWordsChooseTheirGroupFirst) {
  // Word 0 takes its two nearest, 2 and 3; 1 and 4 are what is left.
  const auto custext =
      Custext::Create(Circle({0, 90, 10, 20, 180}), 1, {.group_size = 3})
          .value();
  const std::vector<std::vector<int32_t>> wanted = {{0, 2, 3}, {1, 4}};
  EXPECT_EQ(custext->groups(), wanted);
}

// Angles 0, 60, 90: cosines of row 0: 1, 0.5, 0 -> u the same; of row 1:
// 0.5, 1, cos 30 -> u 0, 1, (cos 30 - 0.5) / 0.5.
TEST(CustextTest, DistributionIsTheClosedFormula) {
  const double eps = 2;
  const auto custext =
      Custext::Create(Circle({0, 60, 90}), eps, {.group_size = 3}).value();
  const std::vector<double> first = custext->Distribution(0);
  const double sum = std::exp(1.0) + std::exp(0.5) + 1;
  EXPECT_NEAR(first[0], std::exp(1.0) / sum, 1e-6);
  EXPECT_NEAR(first[1], std::exp(0.5) / sum, 1e-6);
  EXPECT_NEAR(first[2], 1 / sum, 1e-6);
  const double u = (std::cos(std::numbers::pi / 6) - 0.5) / 0.5;
  const double sum1 = 1 + std::exp(1.0) + std::exp(u);
  const std::vector<double> second = custext->Distribution(1);
  EXPECT_NEAR(second[0], 1 / sum1, 1e-6);
  EXPECT_NEAR(second[2], std::exp(u) / sum1, 1e-6);
}

// Two words: u is 1 for the word and 0 for the other; the loss is eps / 2.
TEST(CustextTest, LossOfTwoWordsIsHalfOfEpsilon) {
  const auto custext = Custext::Create(Circle({0, 90}), 3, {}).value();
  EXPECT_NEAR(custext->LargestLoss(), 1.5, 1e-6);
}

TEST(CustextTest, UncoveredWordsAreCounted) {
  WordTypes types = Circle({0, 10, 20, 30, 40});
  types.stop_word[0] = true;
  types.number[1] = true;
  types.rows.values[4] = types.rows.values[5] = 0;  // word 2: no vector
  const auto plain = Custext::Create(types, 1, {}).value();
  const auto plus = Custext::Create(types, 1, {.plus = true}).value();
  const std::vector<int32_t> text = {0, 0, 1, 2, 3, 4, -1, 99};
  const Coverage a = CountCoverage(*plain, text);
  EXPECT_EQ(a.words, 8U);
  EXPECT_EQ(a.randomised, 4U);
  EXPECT_EQ(a.numbers, 1U);
  EXPECT_EQ(a.out_of_vocabulary, 3U);
  EXPECT_EQ(a.stop_words, 0U);
  const Coverage b = CountCoverage(*plus, text);
  EXPECT_EQ(b.stop_words, 2U);
  EXPECT_EQ(b.randomised, 2U);
  EXPECT_EQ(plus->Distribution(0)[0], 1);
}

TEST(CustextTest, NumbersMoveByLessThanAThousand) {
  InsecureSeededRandom random(7);
  uint64_t most = 0;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t number = InsecureSeededCustextNumber(42, random);
    EXPECT_GE(number, 42U);
    most = std::max(most, number);
  }
  EXPECT_EQ(most, 42U + 999U);
}

TEST(CustextTest, BadParametersAreRefused) {
  for (const double eps : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(Custext::Create(Circle({0, 1}), eps, {})) << eps;
  }
  for (const int size : {-1, 0, 1, 257}) {
    EXPECT_FALSE(Custext::Create(Circle({0, 1}), 1, {.group_size = size}));
  }
  EXPECT_FALSE(Custext::Create(WordTypes(), 1, {}));
}

}  // namespace
}  // namespace cmif::eval
