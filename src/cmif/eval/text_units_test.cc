// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/text_units.h"

#include <gtest/gtest.h>

#include "cmif/client/channel_store.h"
#include "cmif/client/sanitizer.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::eval {
namespace {

using client::testing::Kind;
using client::testing::SplitTiny;
using client::testing::TempFolder;

TEST(TextUnitsTest, UnitsKnowTheirPlaceAndWhetherTheyAreTheWord) {
  const TempFolder folder;
  const auto model = SplitTiny(Kind::kBert, folder).value();
  const std::string known = model->units().Written(model->units().words()[0]);
  const std::vector<std::string> texts = {known + ", zyxwvuty"};
  const auto units = UnitsOf(*model, *model->clustering(), texts).value();
  ASSERT_EQ(units[0].words.size(), 2U);
  EXPECT_EQ(units[0].words[0].unit, model->units().words()[0]);
  EXPECT_TRUE(units[0].words[0].exact);
  EXPECT_FALSE(units[0].words[1].exact);
  EXPECT_EQ(units[0].words[1].offset, known.size() + 2);
}

// The rule is the sanitizer's: without noise its outputs are our units.
TEST(TextUnitsTest, UnitsAreThoseThatTheSanitizerCharges) {
  for (const Kind kind : {Kind::kBert, Kind::kLlama}) {
    const TempFolder folder;
    const auto model = SplitTiny(kind, folder).value();
    const auto channel =
        client::OpenChannel(
            *model, {.spec = {.epsilon = privacy::Epsilon::Create(1).value()}},
            {})
            .value();
    auto sanitizer = client::Sanitizer::Create(model, channel).value();
    InsecureSeededRandom random(1);
    const std::vector<std::string> texts = {"bada zyxwvuty 4271 kilo's, x9"};
    const auto sanitized = sanitizer.Sanitize(texts[0], random).value();
    const auto units = UnitsOf(*model, *model->clustering(), texts).value();
    size_t sensitive = 0;
    for (const UnitWord& word : units[0].words) {
      if (channel->clustering().cluster_of(word.unit) >= 0) ++sensitive;
    }
    EXPECT_EQ(sensitive, sanitized.words_charged);
  }
}

TEST(TextUnitsTest, ErrorsNameTheTextByNumber) {
  const TempFolder folder;
  const auto model = SplitTiny(Kind::kBert, folder).value();
  const std::vector<std::string> texts = {"bada", "secret\xff"};
  const auto units = UnitsOf(*model, *model->clustering(), texts);
  ASSERT_FALSE(units);
  EXPECT_NE(units.error().message().find("text 2"), std::string::npos);
  EXPECT_EQ(units.error().message().find("secret"), std::string::npos);
}

TEST(TextUnitsTest, UnigramPriorCounts) {
  std::vector<UnitText> texts(2);
  texts[0].words = {{.unit = 1}, {.unit = 3}};
  texts[1].words = {{.unit = 1}};
  EXPECT_EQ(UnigramPrior(texts, 4, 0.5),
            (std::vector<double>{0.5, 2.5, 0.5, 1.5}));
}

}  // namespace
}  // namespace cmif::eval
