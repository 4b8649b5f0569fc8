// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/sampler.h"

#include <gtest/gtest.h>

#include <map>

#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

// Gives the words it was told, and counts.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(uint32_t word) : word_(word) {}
  uint32_t Next32() override {
    ++used_;
    return word_;
  }
  int used() const { return used_; }

 private:
  uint32_t word_;
  int used_ = 0;
};

// {5, 2, 9} with hand-made weights, {7} alone, {0, 1}; others public.
constexpr uint32_t kA = 1U << 30;
Channel TestChannel() {
  const auto clustering = std::make_shared<const Clustering>(
      Clustering::Create(12, {{5, 2, 9}, {7}, {0, 1}}).value());
  std::vector<ClusterTable> tables(3);
  tables[0].weights = {
      2 * kA, kA, kA,  // row of 5
      kA - 5, kA, 2 * kA + 5, 2 * kA + 7, 1 + kA / 4 * 3, kA / 4 * 5 - 8};
  tables[2].weights = {3 * kA, kA, kA, 3 * kA};
  return Channel::Create({.epsilon = Epsilon::Create(2).value()},
                         {.clustering = clustering}, tables)
      .value();
}

int32_t DrawWith(const Sampler& sampler, int32_t id, uint32_t word) {
  ScriptedRandom random(word);
  const int32_t drawn = sampler.Draw(id, random);
  EXPECT_EQ(random.used(), 1);
  return drawn;
}

TEST(SamplerTest, EveryBoundaryWordFallsOnItsSide) {
  const Channel channel = TestChannel();
  const Sampler sampler = Sampler::Create(channel).value();
  for (size_t c = 0; c < channel.tables().size(); ++c) {
    const auto& ids = channel.clustering().clusters()[c];
    const auto& weights = channel.tables()[c].weights;
    for (size_t x = 0; x < ids.size() && !weights.empty(); ++x) {
      uint64_t sum = 0;
      for (size_t y = 0; y < ids.size(); ++y) {
        const auto first = static_cast<uint32_t>(sum);
        sum += weights[x * ids.size() + y];
        EXPECT_EQ(DrawWith(sampler, ids[x], first), ids[y]);
        EXPECT_EQ(DrawWith(sampler, ids[x], static_cast<uint32_t>(sum - 1)),
                  ids[y]);
      }
      EXPECT_EQ(sum, kRowSum);
    }
  }
}

TEST(SamplerTest, AWordAloneStays) {
  const Sampler sampler = Sampler::Create(TestChannel()).value();
  for (const uint32_t word : {0U, 1U, 1U << 31, 0xFFFFFFFFU}) {
    EXPECT_EQ(DrawWith(sampler, 7, word), 7);
  }
}

TEST(SamplerTest, PublicIdsPassWithoutRandomness) {
  const Sampler sampler = Sampler::Create(TestChannel()).value();
  ScriptedRandom random(0);
  for (const int32_t id : {3, 11, -1, 12, 1 << 30}) {
    EXPECT_TRUE(sampler.IsPublic(id));
    EXPECT_EQ(sampler.Draw(id, random), id);
  }
  EXPECT_EQ(random.used(), 0);
  EXPECT_FALSE(sampler.IsPublic(7));
}

TEST(SamplerTest, ColumnsAreTheSameForAll) {
  EXPECT_EQ(Sampler::Create(TestChannel())->columns(), 4);
}

// 1e6 draws per row; chi-square with 2 degrees of freedom has its 1 - 1e-6
// quantile at 2 ln 1e6 = 27.6. Fixed seed: deterministic.
TEST(SamplerTest, FrequenciesFollowTheWeights) {
  const Channel channel = TestChannel();
  const Sampler sampler = Sampler::Create(channel).value();
  InsecureSeededRandom random(31);
  constexpr int kDraws = 1'000'000;
  const auto& ids = channel.clustering().clusters()[0];
  for (size_t x = 0; x < ids.size(); ++x) {
    std::map<int32_t, double> counts;
    for (int i = 0; i < kDraws; ++i) ++counts[sampler.Draw(ids[x], random)];
    EXPECT_EQ(counts.size(), 3U);
    double chi2 = 0;
    for (size_t y = 0; y < 3; ++y) {
      const double expected =
          channel.tables()[0].weights[x * 3 + y] / 4294967296.0 * kDraws;
      const double difference = counts[ids[y]] - expected;
      chi2 += difference * difference / expected;
    }
    EXPECT_LT(chi2, 27.6) << x;
  }
}

}  // namespace
}  // namespace cmif::privacy
