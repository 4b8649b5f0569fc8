// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/row_error.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::eval {
namespace {

using client::RowKind;

class RowErrorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = client::testing::SplitTiny(client::testing::Kind::kBert, folder_)
                 .value();
  }
  client::Sanitizer At(double epsilon, privacy::Adjacency adjacency =
                                           privacy::Adjacency::kCluster) {
    const privacy::ChannelSpec spec = {
        .epsilon = privacy::Epsilon::Create(epsilon).value(),
        .adjacency = adjacency};
    return client::Sanitizer::Create(
               model_, client::OpenChannel(*model_, {.spec = spec}, {}).value())
        .value();
  }
  static RowError Of(const client::Sanitizer& sanitizer, RowKind kind) {
    auto rows = client::PromptRows::Create(sanitizer, {}, kind).value();
    return ExpectedRowError(sanitizer, {}, rows).value();
  }
  std::vector<float> Row(int32_t id) const {
    std::vector<float> row(model_->table().format().width());
    model_->table().format().Expand(model_->table().Row(id), row);
    return row;
  }

  client::testing::TempFolder folder_;
  std::shared_ptr<client::ClientModel> model_;
};

// 2e5 draws of the sampler; the standard error of the mean is below 0.5 %, so
// a right value is beyond 3 % with probability below 1e-8. Fixed seed.
TEST_F(RowErrorTest, IsWhatTheSamplerDoes) {
  const client::Sanitizer sanitizer = At(2);
  const auto sampler = privacy::Sampler::Create(*sanitizer.channel()).value();
  const std::vector<int32_t>& words = model_->units().words();
  InsecureSeededRandom random(3);
  double error = 0;
  double variance = 0;
  std::vector<double> mean(model_->table().format().width());
  for (const int32_t id : words) {
    const auto row = Row(id);
    for (size_t i = 0; i < row.size(); ++i) {
      mean[i] += double{row[i]} / static_cast<double>(words.size());
    }
  }
  constexpr size_t kDraws = 200'000;
  for (size_t n = 0; n < kDraws; ++n) {
    const int32_t x = words[n % words.size()];
    const auto in = Row(x);
    const auto out = Row(sampler.Draw(x, random));
    for (size_t i = 0; i < in.size(); ++i) {
      error += std::pow(double{out[i]} - double{in[i]}, 2);
      variance += std::pow(mean[i] - double{in[i]}, 2);
    }
  }
  const RowError found = Of(sanitizer, RowKind::kPlain);
  EXPECT_EQ(found.words, words.size());
  EXPECT_NEAR(found.relative_error / (error / variance), 1, 0.03);
}

TEST_F(RowErrorTest, RawMeansAreNearestAndShorter) {
  const client::Sanitizer sanitizer = At(1);
  const RowError plain = Of(sanitizer, RowKind::kPlain);
  const RowError raw = Of(sanitizer, RowKind::kPosteriorRaw);
  EXPECT_NEAR(plain.relative_length, 1, 0.1);
  EXPECT_LT(raw.relative_length, plain.relative_length);
  for (const RowKind kind :
       {RowKind::kPosteriorOwnNorm, RowKind::kPosteriorMeanNorm}) {
    const RowError scaled = Of(sanitizer, kind);
    EXPECT_LT(raw.relative_error, scaled.relative_error);
    EXPECT_NEAR(scaled.relative_length, 1, 0.1);
  }
  EXPECT_LT(raw.relative_error, plain.relative_error);
}

// The mean of a row hides no more than the row: it is as good as the word.
TEST_F(RowErrorTest, WordsAreReadFromTheirMeans) {
  EXPECT_EQ(Of(At(1), RowKind::kPosteriorRaw).told_apart, 1);
  EXPECT_EQ(Of(At(1), RowKind::kPlain).told_apart, 1);
}

TEST_F(RowErrorTest, RefusesWhatItDoesNotCompute) {
  const auto identity = client::Sanitizer::Create(model_, nullptr).value();
  auto rows = client::PromptRows::Create(identity, {}, RowKind::kPlain).value();
  EXPECT_EQ(ExpectedRowError(identity, {}, rows).error().code(),
            Code::kFailedPrecondition);
  const client::Sanitizer mixture = At(1, privacy::Adjacency::kMixture);
  EXPECT_EQ(ExpectedRowError(mixture, {}, rows).error().code(),
            Code::kUnimplemented);
}

}  // namespace
}  // namespace cmif::eval
