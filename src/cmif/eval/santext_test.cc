// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/santext.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cmif::eval {
namespace {

// Words at (1, 0), (0, 1), (-1, 0) and one without a vector. Distances:
// 0-1 and 1-2 sqrt(2), 0-2 2.
WordTypes Words() {
  return {.rows = {.rows = 4, .width = 2, .values = {1, 0, 0, 1, -1, 0, 0, 0}},
          .counts = {9, 5, 1, 7},
          .stop_word = {true, false, false, false},
          .number = {false, false, false, false}};
}

TEST(SantextTest, DistributionIsTheClosedFormula) {
  const double eps = 3;
  const auto santext = Santext::Create(Words(), eps, std::nullopt).value();
  const double near = std::exp(-eps * std::sqrt(2.0) / 2);
  const double far = std::exp(-eps * 2 / 2);
  const double sum = 1 + near + far;
  const std::vector<double> p = santext->Distribution(0);
  EXPECT_NEAR(p[0], 1 / sum, 1e-12);
  EXPECT_NEAR(p[1], near / sum, 1e-7);  // rows are f32
  EXPECT_NEAR(p[2], far / sum, 1e-12);
  EXPECT_EQ(p[3], 0);
}

// The guarantee as published: ln P(y|x)/P(y|x') <= eps d(x, x').
TEST(SantextTest, LossIsBoundedByEpsilonTimesDistance) {
  const double eps = 2;
  const auto santext = Santext::Create(Words(), eps, std::nullopt).value();
  const std::vector<double> p = santext->Distribution(0);
  const std::vector<double> q = santext->Distribution(2);
  for (int y = 0; y < 3; ++y) {
    EXPECT_LE(std::abs(std::log(p[static_cast<size_t>(y)] /
                                q[static_cast<size_t>(y)])),
              eps * 2 + 1e-9);
  }
}

TEST(SantextTest, PlusDrawsFromTheRareHalfAlone) {
  const double eps = 1;
  const SantextPlus plus{.sensitive_share = 0.5, .replace_probability = 0.3};
  const auto santext = Santext::Create(Words(), eps, plus).value();
  EXPECT_FALSE(santext->IsSensitive(0));  // counts 9 and 7 are the frequent
  EXPECT_TRUE(santext->IsSensitive(1));
  EXPECT_TRUE(santext->IsSensitive(2));
  EXPECT_FALSE(santext->IsSensitive(3));
  const double near = std::exp(-eps * std::sqrt(2.0) / 2);
  const double far = std::exp(-eps * 2 / 2);
  const std::vector<double> frequent = santext->Distribution(0);
  EXPECT_NEAR(frequent[0], 0.7, 1e-12);
  EXPECT_NEAR(frequent[1], 0.3 * near / (near + far), 1e-7);
  EXPECT_NEAR(frequent[2], 0.3 * far / (near + far), 1e-7);
  const std::vector<double> rare = santext->Distribution(1);
  EXPECT_EQ(rare[0], 0);
  EXPECT_NEAR(rare[1], 1 / (1 + near), 1e-7);
  EXPECT_NEAR(rare[2], near / (1 + near), 1e-7);
}

TEST(SantextTest, WordsWithoutVectorAreUncovered) {
  const auto santext = Santext::Create(Words(), 1, std::nullopt).value();
  EXPECT_EQ(santext->CoverOf(0), Cover::kRandomised);
  EXPECT_EQ(santext->CoverOf(3), Cover::kOutOfVocabulary);
  EXPECT_EQ(santext->CoverOf(-1), Cover::kOutOfVocabulary);
  EXPECT_EQ(santext->CoverOf(4), Cover::kOutOfVocabulary);
  EXPECT_EQ(santext->Distribution(3), (std::vector<double>{0, 0, 0, 1}));
}

TEST(SantextTest, SaysThatItsEpsilonIsMetric) {
  const auto santext = Santext::Create(Words(), 1, std::nullopt).value();
  EXPECT_TRUE(santext->adjacency().starts_with("metric"));
  EXPECT_EQ(santext->name(), "SANTEXT");
}

TEST(SantextTest, BadParametersAreRefused) {
  for (const double eps : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(Santext::Create(Words(), eps, std::nullopt)) << eps;
  }
  for (const double share : {0.0, -0.1, 1.1, std::nan("")}) {
    EXPECT_FALSE(
        Santext::Create(Words(), 1, SantextPlus{.sensitive_share = share}));
  }
  for (const double p : {-0.1, 1.1, std::nan("")}) {
    EXPECT_FALSE(
        Santext::Create(Words(), 1, SantextPlus{.replace_probability = p}));
  }
  WordTypes few = Words();
  few.counts.pop_back();
  EXPECT_FALSE(Santext::Create(few, 1, std::nullopt));
  EXPECT_FALSE(Santext::Create(WordTypes(), 1, std::nullopt));
}

}  // namespace
}  // namespace cmif::eval
