// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/token_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace cmif::model {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(TokenSamplerTest, CreateRefusesParametersOutOfRange) {
  for (const float temperature : {kNan, kInf, -1.0F, 100.5F}) {
    EXPECT_EQ(TokenSampler::Create(temperature, 1, 0).error().code(),
              Code::kInvalidArgument);
  }
  for (const float top_p : {kNan, kInf, -0.5F, 1.5F}) {
    EXPECT_EQ(TokenSampler::Create(1, top_p, 0).error().code(),
              Code::kInvalidArgument);
  }
  EXPECT_TRUE(TokenSampler::Create(0, 0, 0));
  EXPECT_TRUE(TokenSampler::Create(100, 1, 0));
}

TEST(TokenSamplerTest, GreedyTakesTheFirstLargest) {
  auto sampler = TokenSampler::Create(0, 1, 0);
  EXPECT_EQ(sampler->Sample(std::vector<float>{1, 3, 2, 3}), 1U);
  EXPECT_EQ(sampler->Sample(std::vector<float>{-5}), 0U);
  std::vector<float> long_list(1000, -1);
  long_list[777] = 0;
  EXPECT_EQ(sampler->Sample(long_list), 777U);
}

TEST(TokenSamplerTest, GreedyEqualsTheScalarSearch) {
  std::mt19937 random(1);
  auto sampler = TokenSampler::Create(0, 1, 0);
  for (const size_t size : {1, 15, 16, 17, 1023, 1024, 1025, 5000, 49'152}) {
    std::vector<float> logits(size);
    // Few distinct values: ties everywhere.
    for (float& logit : logits) logit = static_cast<float>(random() % 50) - 60;
    const auto largest = std::max_element(logits.begin(), logits.end());
    EXPECT_EQ(sampler->Sample(logits), largest - logits.begin());
    for (const size_t at : {size_t{0}, size / 2, size - 1}) {
      auto broken = logits;
      broken[at] = kNan;
      EXPECT_FALSE(sampler->Sample(broken)) << at << " of " << size;
    }
  }
}

TEST(TokenSamplerTest, BrokenLogitsAreAnError) {
  for (const float temperature : {0.0F, 1.0F}) {
    auto sampler = TokenSampler::Create(temperature, 0.5F, 0);
    EXPECT_FALSE(sampler->Sample({}));
    EXPECT_FALSE(sampler->Sample(std::vector<float>{1, kNan, 2}));
    EXPECT_FALSE(sampler->Sample(std::vector<float>{1, kInf, 2}));
    EXPECT_FALSE(sampler->Sample(std::vector<float>{-kInf, 1}));
  }
}

// 20,000 draws from p = 0.6439, 0.2369, 0.0871, 0.0321: each count within 5
// standard deviations (false alarm below 1e-5).
TEST(TokenSamplerTest, DrawsFollowTheSoftmax) {
  const std::vector<float> logits = {3, 2, 1, 0};
  auto sampler = TokenSampler::Create(1, 1, 42);
  constexpr int kDraws = 20'000;
  std::map<uint32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[*sampler->Sample(logits)];
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit);
  for (uint32_t token = 0; token < 4; ++token) {
    const double p = std::exp(logits[token]) / sum;
    EXPECT_NEAR(counts[token], kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)));
  }
}

TEST(TokenSamplerTest, TopPLeavesOutTheTail) {
  auto sampler = TokenSampler::Create(1, 0.6F, 1);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(sampler->Sample(std::vector<float>{0, 3, 1, 2}), 1U);
  }
}

TEST(TokenSamplerTest, SeedDecidesAlsoWhereLlamaWouldTakeARandomOne) {
  const std::vector<float> logits(50, 0.0F);
  const auto draw = [&](uint64_t seed) {
    auto sampler = TokenSampler::Create(1, 1, seed);
    std::vector<uint32_t> tokens;
    tokens.reserve(20);
    for (int i = 0; i < 20; ++i) tokens.push_back(*sampler->Sample(logits));
    return tokens;
  };
  for (const uint64_t seed :
       {0ULL, 7ULL, 0xFFFFFFFFULL, 0xFFFFFFFFFFFFFFFFULL}) {
    EXPECT_EQ(draw(seed), draw(seed)) << seed;
  }
  EXPECT_NE(draw(1), draw(2));
  EXPECT_NE(draw(1), draw(1ULL << 40));
}

}  // namespace
}  // namespace cmif::model
