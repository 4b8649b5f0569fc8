// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/answer_score.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::eval {
namespace {

using client::RowKind;
using client::testing::Kind;

class AnswerScoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    model_ = client::testing::SplitTiny(GetParam(), folder_).value();
    answers_ = AnswerModel::Open(*model_, 6, 1).value();
  }
  client::Sanitizer Private() {
    const privacy::ChannelSpec spec = {.epsilon =
                                           privacy::Epsilon::Create(1).value()};
    return client::Sanitizer::Create(
               model_, client::OpenChannel(*model_, {.spec = spec}, {}).value())
        .value();
  }
  std::vector<client::PromptRow> Rows(const std::string& text) const {
    return client::PlainRows(*model_, answers_->Prompt(text)->ids);
  }

  client::testing::TempFolder folder_;
  std::shared_ptr<client::ClientModel> model_;
  std::unique_ptr<AnswerModel> answers_;
};

INSTANTIATE_TEST_SUITE_P(Tiny, AnswerScoreTest,
                         ::testing::Values(Kind::kLlama, Kind::kBert),
                         [](const auto& kind) {
                           return kind.param == Kind::kLlama ? "Llama" : "Bert";
                         });

TEST_P(AnswerScoreTest, TheOwnAnswerIsTheLikeliest) {
  const auto prompt = Rows("bada kini domo");
  const Answer answer = answers_->AnswerTo(prompt).value();
  EXPECT_LE(answer.size(), 6U);
  const AnswerScore score = answers_->Score(prompt, answer).value();
  EXPECT_DOUBLE_EQ(score.agreement, 1);
  EXPECT_LT(score.log_probability, 0);
  Answer other = answer;
  other[0] = other[0] == 0 ? 1 : 0;
  const AnswerScore worse = answers_->Score(prompt, other).value();
  EXPECT_LT(worse.agreement, 1);
  // Asked again, nothing of what was asked between is left.
  const AnswerScore again = answers_->Score(prompt, answer).value();
  EXPECT_EQ(again.log_probability, score.log_probability);
}

TEST_P(AnswerScoreTest, LabelsAreScoredByTheirProbability) {
  if (GetParam() != Kind::kBert) GTEST_SKIP() << "a chat model has no labels";
  const auto prompt = Rows("bada kini");
  const double sum = std::exp(answers_->Score(prompt, {0})->log_probability) +
                     std::exp(answers_->Score(prompt, {1})->log_probability);
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST_P(AnswerScoreTest, PlainRowsGainNothingOverThemselves) {
  client::Sanitizer sanitizer = Private();
  std::vector<client::PromptRows> rows;
  for (const RowKind kind :
       {RowKind::kPlain, RowKind::kPosteriorRaw, RowKind::kPlain}) {
    rows.push_back(client::PromptRows::Create(sanitizer, {}, kind).value());
  }
  const std::vector<std::string> texts = {"bada kini domo", "domo rela"};
  const auto scores = ScoreRows(*answers_, sanitizer, rows, texts, 3, 5);
  ASSERT_TRUE(scores) << scores.error().message();
  EXPECT_EQ(scores->texts, 2U);
  EXPECT_DOUBLE_EQ(scores->unprotected.agreement, 1);
  ASSERT_EQ(scores->kinds.size(), 3U);
  EXPECT_EQ(scores->kinds[2].gain, 0);
  EXPECT_NE(scores->kinds[1].gain, 0);
  EXPECT_NEAR(scores->kinds[1].gain,
              scores->kinds[1].mean.log_probability -
                  scores->kinds[0].mean.log_probability,
              1e-9);
  EXPECT_GT(scores->kinds[1].standard_error, 0);
  // Same seed, same draws.
  const auto again = ScoreRows(*answers_, sanitizer, rows, texts, 3, 5);
  EXPECT_EQ(again->kinds[1].gain, scores->kinds[1].gain);
}

// Without noise the rows are the text's own: as good as unprotected.
TEST_P(AnswerScoreTest, TheIdentityLosesNothing) {
  auto identity = client::Sanitizer::Create(model_, nullptr).value();
  std::vector<client::PromptRows> rows;
  rows.push_back(
      client::PromptRows::Create(identity, {}, RowKind::kPosteriorRaw).value());
  const std::vector<std::string> texts = {"bada kini domo"};
  const auto scores = ScoreRows(*answers_, identity, rows, texts, 1, 5);
  ASSERT_TRUE(scores);
  EXPECT_EQ(scores->kinds[0].mean.log_probability,
            scores->unprotected.log_probability);
}

TEST_P(AnswerScoreTest, RefusesNothingAndTooMuch) {
  client::Sanitizer sanitizer = Private();
  std::vector<client::PromptRows> rows;
  rows.push_back(
      client::PromptRows::Create(sanitizer, {}, RowKind::kPlain).value());
  const std::vector<std::string> texts = {"bada"};
  EXPECT_FALSE(ScoreRows(*answers_, sanitizer, rows, {}, 1, 5));
  EXPECT_FALSE(ScoreRows(*answers_, sanitizer, rows, texts, 0, 5));
  EXPECT_FALSE(ScoreRows(*answers_, sanitizer, {}, texts, 1, 5));
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "bada ";
  EXPECT_EQ(answers_->AnswerTo(Rows(text)).error().code(), Code::kOutOfRange);
}

}  // namespace
}  // namespace cmif::eval
