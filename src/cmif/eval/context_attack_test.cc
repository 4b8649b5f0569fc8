// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/context_attack.h"

#include <gtest/gtest.h>

#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::eval {
namespace {

using client::testing::Kind;
using client::testing::SplitTiny;
using client::testing::TempFolder;

// Knows the word that follows each text, and notes what it was shown.
class Oracle final : public NextWordModel {
 public:
  Result<std::vector<double>> ScoreWords(
      std::string_view before,
      std::span<const std::string> candidates) override {
    seen.emplace_back(before);
    std::vector<double> scores;
    for (const std::string& candidate : candidates) {
      scores.push_back(candidate == next[seen.size() - 1] ? 50 : 0);
    }
    return scores;
  }
  std::vector<std::string> next;
  std::vector<std::string> seen;
};

class ContextAttackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = SplitTiny(Kind::kBert, folder_).value();
    const privacy::ChannelSpec spec{.epsilon =
                                        privacy::Epsilon::Create(1).value()};
    channel_ = client::OpenChannel(*model_, {.spec = spec}, {}).value();
    const client::UnitTable& units = model_->units();
    std::vector<std::string> texts = {units.Written(units.words()[0]) + ", " +
                                      units.Written(units.words()[1])};
    texts_ = UnitsOf(*model_, *model_->clustering(), texts).value();
    for (const UnitWord& word : texts_[0].words) {
      oracle_.next.push_back(units.Written(word.unit));
    }
  }
  AttackResult Attack(ContextKind kind) {
    const auto sampler = privacy::Sampler::Create(*channel_).value();
    InsecureSeededRandom random(1);
    return AttackByContext("", oracle_, kind, model_->units(),
                           DeployedRows(*channel_), sampler, texts_, random)
        .value();
  }

  TempFolder folder_;
  std::shared_ptr<client::ClientModel> model_;
  std::shared_ptr<const privacy::Channel> channel_;
  std::vector<UnitText> texts_;
  Oracle oracle_;
};

// e^50 outweighs any e^1: context exceeds what epsilon alone would allow.
TEST_F(ContextAttackTest, ContextCanRecoverEverything) {
  const AttackResult result = Attack(ContextKind::kTrueText);
  EXPECT_EQ(result.trials, 2U);
  EXPECT_EQ(result.hits, 2U);
  EXPECT_EQ(result.by_public_alone, 1);
  EXPECT_NEAR(result.bound, 1, 1e-9);
}

TEST_F(ContextAttackTest, TheTrueTextBeforeTheWordIsShownWhenAsked) {
  Attack(ContextKind::kTrueText);
  ASSERT_EQ(oracle_.seen.size(), 2U);
  EXPECT_EQ(oracle_.seen[0], "");
  EXPECT_EQ(oracle_.seen[1], oracle_.next[0] + ",");
}

TEST_F(ContextAttackTest, OnlyWhatWasSentIsShownOtherwise) {
  Attack(ContextKind::kSanitizedText);
  ASSERT_EQ(oracle_.seen.size(), 2U);
  const int cluster =
      channel_->clustering().cluster_of(texts_[0].words[0].unit);
  bool of_the_cluster = false;
  for (const int32_t id :
       channel_->clustering().clusters()[static_cast<size_t>(cluster)]) {
    of_the_cluster |= model_->units().Written(id) == oracle_.seen[1];
  }
  EXPECT_TRUE(of_the_cluster);
}

}  // namespace
}  // namespace cmif::eval
