// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/pair_losses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cmif/eval/testing/small_channel.h"

namespace cmif::eval {
namespace {

using privacy::Adjacency;
using testing::KrrChannel;
using testing::RandomChannel;

constexpr double kOrders[] = {1.5, 2, 8};
constexpr PairLossOptions kOptions{
    .bin_width = 0.05, .bins = 60, .orders = kOrders, .threads = 2};

// The same from the definition: every pair, every output.
PairLosses BruteForce(const DeployedRows& rows) {
  PairLosses all;
  all.counts.assign(static_cast<size_t>(kOptions.bins), 0);
  all.loss_of_id.assign(
      static_cast<size_t>(rows.clustering().vocabulary_size()), 0);
  all.divergences.assign(std::size(kOrders), 0);
  const auto add = [&](const std::vector<int32_t>& words, int32_t x,
                       int32_t other) {
    double loss = 0;
    std::vector<double> sums(std::size(kOrders), 0);
    for (const int32_t y : words) {
      const double p = rows.Probability(y, x);
      const double q = rows.Probability(y, other);
      loss = std::max(loss, std::log(p / q));
      for (size_t i = 0; i < sums.size(); ++i) {
        sums[i] += std::pow(p, kOrders[i]) * std::pow(q, 1 - kOrders[i]);
      }
    }
    all.largest = std::max(all.largest, loss);
    ++all.counts[std::min(static_cast<size_t>(loss / kOptions.bin_width),
                          all.counts.size() - 1)];
    for (const int32_t id : {x, other}) {
      double& most = all.loss_of_id[static_cast<size_t>(id)];
      most = std::max(most, loss);
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      all.divergences[i] =
          std::max(all.divergences[i], std::log(sums[i]) / (kOrders[i] - 1));
    }
  };
  for (const Group& group : rows.groups()) {
    const auto words = rows.WordsOf(group);
    for (const int32_t x : words) {
      for (const int32_t other : words) {
        if (x != other) add(words, x, other);
      }
    }
  }
  return all;
}

class PairLossesTest : public ::testing::TestWithParam<Adjacency> {};
INSTANTIATE_TEST_SUITE_P(All, PairLossesTest,
                         ::testing::ValuesIn(testing::kAdjacencies));

TEST_P(PairLossesTest, EqualThoseOfEveryPairAndOutput) {
  const privacy::Channel channel = RandomChannel(GetParam());
  const DeployedRows rows(channel);
  const PairLosses wanted = BruteForce(rows);
  const PairLosses losses = LossesOfPairs(rows, kOptions);
  EXPECT_NEAR(losses.largest, wanted.largest, 1e-12);
  EXPECT_EQ(losses.counts, wanted.counts);
  for (size_t i = 0; i < std::size(kOrders); ++i) {
    EXPECT_NEAR(losses.divergences[i], wanted.divergences[i], 1e-9) << i;
  }
  for (size_t id = 0; id < wanted.loss_of_id.size(); ++id) {
    EXPECT_NEAR(losses.loss_of_id[id], wanted.loss_of_id[id], 1e-12) << id;
  }
}

TEST_P(PairLossesTest, TheCertificateIsNotExceeded) {
  const privacy::Channel channel = RandomChannel(GetParam());
  const double certified =
      static_cast<double>(channel.epsilon_certified_micro()) / 1e6;
  const PairLosses losses = LossesOfPairs(DeployedRows(channel), kOptions);
  EXPECT_LE(losses.largest, certified + 1e-9);
  EXPECT_GE(losses.largest, certified - 2e-6);
}

// Ratios of e^16 to the power of 63: beyond what a double holds.
TEST(PairLossesTest, HighOrdersOfLargeLossesStayFinite) {
  constexpr double kHigh[] = {64};
  for (const Adjacency adjacency : {Adjacency::kCluster, Adjacency::kMixture}) {
    const privacy::Channel channel = KrrChannel(16, {3, 3}, adjacency);
    const PairLosses losses = LossesOfPairs(
        DeployedRows(channel), {.bin_width = 1, .bins = 16, .orders = kHigh});
    EXPECT_GT(losses.divergences[0], 15.7);
    EXPECT_LE(losses.divergences[0], 16);
  }
}

}  // namespace
}  // namespace cmif::eval
