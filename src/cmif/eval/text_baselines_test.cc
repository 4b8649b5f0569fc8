// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/text_baselines.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cmif/client/testing/tiny_split.h"

namespace cmif::eval {
namespace {

using client::testing::Kind;
using client::testing::SplitTiny;
using client::testing::TempFolder;

TEST(TextBaselinesTest, TheFourAreMeasuredWithTheirAdjacency) {
  const TempFolder folder;
  const auto model = SplitTiny(Kind::kBert, folder).value();
  std::string text = "zyxwvuty ";  // not in the vocabulary
  for (int i = 0; i < 30; ++i) {
    text +=
        model->units().Written(model->units().words()[static_cast<size_t>(i)]) +
        " ";
  }
  const std::vector<std::string> texts = {text};
  const auto units = UnitsOf(*model, *model->clustering(), texts).value();
  const auto figures =
      MeasureBaselines(model->units(), *model->Rows().value(), units, 2)
          .value();
  ASSERT_EQ(figures.size(), 4U);
  for (const BaselineFigures& one : figures) {
    EXPECT_FALSE(one.adjacency.empty());
    EXPECT_EQ(one.words, units[0].words.size());
    EXPECT_GE(one.out_of_vocabulary, 1U) << one.name;
    EXPECT_GE(one.keep, 1.0 / static_cast<double>(one.words)) << one.name;
    EXPECT_LE(one.keep, 1 + 1e-9);
  }
  EXPECT_FALSE(figures[0].epsilon_star);  // metric
  EXPECT_LE(figures[2].epsilon_star.value_or(HUGE_VAL), 2 + 1e-9);
}

TEST(TextBaselinesTest, TextsWithoutKnownWordsHaveNoFigures) {
  const TempFolder folder;
  const auto model = SplitTiny(Kind::kBert, folder).value();
  const std::vector<UnitText> none(1);
  EXPECT_TRUE(MeasureBaselines(model->units(), *model->Rows().value(), none, 1)
                  .value()
                  .empty());
}

}  // namespace
}  // namespace cmif::eval
