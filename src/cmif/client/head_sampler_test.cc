// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/head_sampler.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "cmif/client/testing/tiny_split.h"

namespace cmif::client {
namespace {

std::string Bytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(float)};
}

class HeadSamplerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTiny(testing::Kind::kLlama, folder_ / "m"));
    SplitOptions options;
    options.source = folder_ / "m";
    options.folder = folder_ / "split";
    options.head_on_client = true;
    ASSERT_TRUE(SplitModel(options, {}));
    auto model = ClientModel::Open(folder_ / "split");
    ASSERT_TRUE(model) << model.error().message();
    model_ = *model;
  }
  // A state that points where this token's row points: its logit is the
  // square of the row's length.
  std::string Towards(int32_t id) {
    std::vector<float> state(model_->facts().width);
    model_->head()->format().Expand(model_->head()->Row(id), state);
    return Bytes(state);
  }

  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
};

TEST_F(HeadSamplerTest, GreedyTakesTheTokenOfTheLargestProduct) {
  auto sampler = HeadSampler::Create(*model_, {});
  ASSERT_TRUE(sampler) << sampler.error().message();
  for (int32_t id = 300; id < 320; ++id) {
    EXPECT_EQ(sampler->Next(Towards(id)).value(), id);
  }
}

TEST_F(HeadSamplerTest, EndTokensEndTheAnswerUnlessToldOtherwise) {
  const int32_t end = model_->tokenizer().EndTokens().front();
  EXPECT_EQ(HeadSampler::Create(*model_, {})->Next(Towards(end)).value(),
            std::nullopt);
  auto endless = HeadSampler::Create(*model_, {.stop_at_end = false});
  EXPECT_EQ(endless->Next(Towards(end)).value(), end);
}

TEST_F(HeadSamplerTest, StatesThatAreNoneAreRefused) {
  auto sampler = HeadSampler::Create(*model_, {});
  for (const size_t size : {0, 1, 255, 257}) {
    const auto next = sampler->Next(std::string(size, '\0'));
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code(), Code::kInternal);
  }
  std::vector<float> state(model_->facts().width, 1.0F);
  state[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(sampler->Next(Bytes(state)));
}

TEST_F(HeadSamplerTest, SamplingOutOfRangeIsRefused) {
  const auto sampler = HeadSampler::Create(*model_, {.temperature = -1});
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().code(), Code::kInvalidArgument);
}

TEST(HeadSamplerWithoutHeadTest, IsRefused) {
  const testing::TempFolder folder;
  const auto model = testing::SplitTiny(testing::Kind::kLlama, folder);
  ASSERT_TRUE(model);
  EXPECT_FALSE(HeadSampler::Create(**model, {}));
}

}  // namespace
}  // namespace cmif::client
