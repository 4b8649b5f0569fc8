// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/accountant.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/rnm_laplace.h"
#include "cmif/privacy/row_matrix.h"
#include "cmif/privacy/testing/consecutive_clusters.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/utilities.h"

namespace cmif::privacy {
namespace {

using testing::ConsecutiveClusters;
using testing::Eps;

Delta D(double value) { return Delta::Create(value).value(); }
double Nats(uint64_t micro) { return static_cast<double>(micro) / 1e6; }

// Unit rows around a centre of their cluster, cosine about 0.5 within it
// (reference/privacy.md 5): what balanced clusters of a real table look like.
RowMatrix ClusteredRows(const std::vector<int>& sizes, RandomSource& random) {
  constexpr int kWidth = 32;
  std::normal_distribution<float> normal;
  std::mt19937 engine(random.Next32());
  std::vector<float> raw;
  int rows = 0;
  for (const int size : sizes) {
    std::vector<float> centre(kWidth);
    for (float& value : centre) value = normal(engine);
    for (int i = 0; i < size; ++i, ++rows) {
      for (const float value : centre) raw.push_back(value + normal(engine));
    }
  }
  return CentredUnitRows(rows, kWidth, raw, {}).value();
}

std::shared_ptr<const Channel> LaplaceChannel(const std::vector<int>& sizes,
                                              double eps) {
  InsecureSeededRandom random(41);
  return std::make_shared<const Channel>(
      BuildChannel({.epsilon = Eps(eps)},
                   {.clustering = ConsecutiveClusters(sizes)},
                   ClusteredRows(sizes, random), {}, 0)
          .value());
}

// k-ary randomised response as near below eps as integers come.
ClusterTable RandomisedResponse(size_t k, double eps) {
  const auto other = static_cast<uint64_t>(
      std::ceil(4294967296.0 / (std::exp(eps) + static_cast<double>(k) - 1)));
  ClusterTable table;
  table.weights.assign(k * k, static_cast<uint32_t>(other));
  for (size_t x = 0; x < k; ++x) {
    table.weights[x * k + x] = static_cast<uint32_t>(kRowSum - (k - 1) * other);
  }
  return table;
}

std::shared_ptr<const Channel> ResponseChannel(const std::vector<int>& sizes,
                                               double eps) {
  std::vector<ClusterTable> tables;
  tables.reserve(sizes.size());
  for (const int k : sizes) {
    tables.push_back(k == 1 ? ClusterTable{}
                            : RandomisedResponse(static_cast<size_t>(k), eps));
  }
  return std::make_shared<const Channel>(
      Channel::Create({.epsilon = Eps(eps)},
                      {.clustering = ConsecutiveClusters(sizes)},
                      std::move(tables))
          .value());
}

DocumentLoss LossOf(const Accountant& accountant, int cluster, uint64_t draws,
                    double delta) {
  Charges charges;
  charges.Add(cluster, draws);
  return accountant.LossOf(charges, D(delta)).value();
}

TEST(AccountantTest, AHundredWordsOfFullClustersStayBelow45) {
  const std::vector<int> sizes(40, 20);
  for (const auto& channel :
       {LaplaceChannel(sizes, 1), ResponseChannel(sizes, 1)}) {
    const auto accountant = Accountant::Create(channel).value();
    const auto document = accountant.WorstDocumentEpsilon(100, D(1e-6));
    EXPECT_LE(document.worst_micro, 45'000'000U);
    EXPECT_GE(document.worst_micro, 15'000'000U);  // no miracle either
    EXPECT_LE(document.mean_micro, document.worst_micro);
    EXPECT_EQ(document.worst_full_micro, document.worst_micro);
  }
}

TEST(AccountantTest, TwoWordsReachTheWorstCaseOfPureDp) {
  const auto channel = ResponseChannel({2, 20}, 1);
  const auto accountant = Accountant::Create(channel).value();
  // reference/privacy.md 6: 85.5.
  EXPECT_NEAR(Nats(LossOf(accountant, 0, 100, 1e-6).document_micro), 85.5, 0.6);
  const auto document = accountant.WorstDocumentEpsilon(100, D(1e-6));
  EXPECT_EQ(document.worst_micro,
            LossOf(accountant, 0, 100, 1e-6).document_micro);
  EXPECT_EQ(document.worst_full_micro,
            LossOf(accountant, 1, 100, 1e-6).document_micro);
}

TEST(AccountantTest, NeverAboveTheSumWhateverTheNumbers) {
  for (const double eps : {0.001, 0.1, 1.0, 8.0, 15.9}) {
    const auto accountant =
        Accountant::Create(ResponseChannel({2, 20}, eps)).value();
    for (const uint64_t draws :
         {uint64_t{0}, uint64_t{1}, uint64_t{30}, uint64_t{100'000},
          std::numeric_limits<uint64_t>::max()}) {
      for (const double delta : {1e-30, 1e-6, 0.5}) {
        for (const int cluster : {0, 1}) {
          const DocumentLoss loss = LossOf(accountant, cluster, draws, delta);
          EXPECT_LE(loss.document_micro, loss.naive_micro);
          EXPECT_EQ(loss.document_micro == 0, loss.naive_micro == 0);
        }
      }
    }
  }
}

TEST(AccountantTest, OneWordCostsItsClustersLossAndNoMore) {
  const auto channel = ResponseChannel({20, 1, 7}, 1);
  const auto accountant = Accountant::Create(channel).value();
  for (const int cluster : {0, 2}) {
    const uint64_t loss =
        channel->tables()[static_cast<size_t>(cluster)].loss_micro;
    EXPECT_EQ(LossOf(accountant, cluster, 1, 1e-6).naive_micro, loss);
    EXPECT_LE(LossOf(accountant, cluster, 1, 1e-6).document_micro, loss);
  }
  // Revealed, not protected: counted elsewhere, not as a loss.
  EXPECT_EQ(LossOf(accountant, 1, 5, 1e-6).naive_micro, 0U);
}

TEST(AccountantTest, LossGrowsWithDrawsAndWithASmallerDelta) {
  const auto accountant = Accountant::Create(LaplaceChannel({20}, 1)).value();
  uint64_t before = 0;
  for (const uint64_t draws : {1U, 2U, 10U, 50U, 100U, 1000U, 10000U}) {
    const uint64_t micro = LossOf(accountant, 0, draws, 1e-6).document_micro;
    EXPECT_GT(micro, before);
    EXPECT_LE(micro, LossOf(accountant, 0, draws, 1e-9).document_micro);
    before = micro;
  }
}

TEST(AccountantTest, ChargesOfSeveralClustersAddUp) {
  const auto accountant =
      Accountant::Create(ResponseChannel({20, 7, 2}, 1)).value();
  Charges one;
  one.Add(0, 30);
  one.Add(1, 10);
  Charges two;
  two.Add(2, 10);
  two.Add(0, 20);
  Charges both = one;
  both.Add(two);
  EXPECT_EQ(both.draws(), 70U);
  const DocumentLoss a = accountant.LossOf(one, D(1e-6)).value();
  const DocumentLoss b = accountant.LossOf(two, D(1e-6)).value();
  const DocumentLoss sum = accountant.LossOf(both, D(1e-6)).value();
  EXPECT_EQ(sum.naive_micro, a.naive_micro + b.naive_micro);
  EXPECT_LT(sum.document_micro, a.document_micro + b.document_micro);
  EXPECT_GT(sum.document_micro, std::max(a.document_micro, b.document_micro));
}

// delta(eps) of the composition of `draws` equal channels, by its definition:
// the hockey-stick divergence of the product distributions, all outcomes
// enumerated up to their order.
double HockeyStick(std::span<const double> p, std::span<const double> q,
                   int draws, double eps) {
  double total = 0;
  const std::function<void(size_t, int, double, double)> visit =
      [&](size_t y, int left, double log_p, double log_q) {
        if (y + 1 == p.size()) {
          const double n = left;
          log_p += n * std::log(p[y]) - std::lgamma(n + 1);
          log_q += n * std::log(q[y]) - std::lgamma(n + 1);
          total += std::max(0.0, std::exp(log_p) - std::exp(eps + log_q));
          return;
        }
        for (int n = 0; n <= left; ++n) {
          const double m = n;
          visit(y + 1, left - n,
                log_p + m * std::log(p[y]) - std::lgamma(m + 1),
                log_q + m * std::log(q[y]) - std::lgamma(m + 1));
        }
      };
  const double orders = std::lgamma(draws + 1.0);
  visit(0, draws, orders, orders);
  return total;
}

TEST(AccountantTest, TheStatedPairHoldsByExactHockeyStick) {
  struct Case {
    size_t k;
    double eps;
    int draws;
  };
  InsecureSeededRandom random(43);
  for (const Case& c : {Case{2, 1, 40}, Case{2, 0.2, 200}, Case{3, 0.5, 60},
                        Case{4, 1, 30}, Case{2, 3, 5}}) {
    const int k = static_cast<int>(c.k);
    const auto channel = LaplaceChannel({k}, c.eps);
    const auto accountant = Accountant::Create(channel).value();
    std::vector<double> table;
    for (const uint32_t w : channel->tables()[0].weights) {
      table.push_back(w * 0x1p-32);
    }
    for (const double delta : {1e-2, 1e-6}) {
      const double eps =
          Nats(LossOf(accountant, 0, static_cast<uint64_t>(c.draws), delta)
                   .document_micro);
      double worst = 0;
      double worst_below = 0;
      for (size_t x = 0; x < c.k; ++x) {
        for (size_t other = 0; other < c.k; ++other) {
          const std::span p = std::span(table).subspan(x * c.k, c.k);
          const std::span q = std::span(table).subspan(other * c.k, c.k);
          worst = std::max(worst, HockeyStick(p, q, c.draws, eps));
          worst_below =
              std::max(worst_below, HockeyStick(p, q, c.draws, 0.75 * eps));
        }
      }
      EXPECT_LE(worst, delta) << c.k << " " << c.draws;
      // And it is no idle bound: a quarter less does not hold.
      EXPECT_GT(worst_below, delta) << c.k << " " << c.draws;
    }
  }
}

TEST(AccountantTest, PureAccountsTakeEveryDrawAsTheWorst) {
  const auto channel = LaplaceChannel({20, 1}, 1);
  const auto pure = Accountant::CreatePure(channel, 1'000'000).value();
  const auto tight = Accountant::Create(channel).value();
  EXPECT_GT(LossOf(pure, 0, 100, 1e-6).document_micro,
            LossOf(tight, 0, 100, 1e-6).document_micro);
  EXPECT_EQ(LossOf(pure, 1, 100, 1e-6).naive_micro, 100'000'000U);
  EXPECT_NEAR(Nats(LossOf(pure, 1, 100, 1e-6).document_micro), 85.5, 0.6);
}

TEST(AccountantTest, BadInputIsRefused) {
  EXPECT_FALSE(Accountant::Create(nullptr));
  EXPECT_FALSE(Accountant::CreatePure(nullptr, 1));
  const auto channel = ResponseChannel({20, 7}, 1);
  EXPECT_FALSE(Accountant::CreatePure(channel, kMaxEpsilonMicro + 1));
  const auto accountant = Accountant::Create(channel).value();
  for (const int cluster : {-1, 2, std::numeric_limits<int>::max()}) {
    Charges charges;
    charges.Add(cluster);
    const auto loss = accountant.LossOf(charges, D(1e-6));
    ASSERT_FALSE(loss);
    EXPECT_EQ(loss.error().code(), Code::kInvalidArgument);
  }
}

TEST(AccountantTest, ThreadsShareOneCache) {
  const auto channel = ResponseChannel(std::vector<int>(50, 8), 1);
  const auto accountant = Accountant::Create(channel).value();
  const auto alone = Accountant::Create(channel).value();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int c = 0; c < 50; ++c) {
        EXPECT_EQ(LossOf(accountant, c, 10, 1e-6).document_micro,
                  LossOf(alone, c, 10, 1e-6).document_micro);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cmif::privacy
