// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/optimal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/testing/random_utilities.h"

namespace cmif::privacy {
namespace {

using testing::Eps;

double MeanUtility(const ClusterTable& table, const ClusterUtilities& utilities,
                   std::span<const double> prior) {
  const auto k = static_cast<size_t>(utilities.k);
  double sum = 0;
  double value = 0;
  for (size_t x = 0; x < k; ++x) {
    const double p = prior.empty() ? 1 : prior[x];
    sum += p;
    for (size_t y = 0; y < k; ++y) {
      value += p * table.weights[x * k + y] / 4294967296.0 *
               utilities.values[x * k + y];
    }
  }
  return value / sum;
}

// Of two words with utilities 1 on the diagonal and 0 beside it the optimum is
// randomised response: worth e^eps / (1 + e^eps).
TEST(OptimalTest, TwoWordsGiveRandomisedResponse) {
  const ClusterUtilities utilities{2, {1, 0, 0, 1}};
  for (const double eps : {0.01, 0.5, 1.0, 3.0, 8.0}) {
    const auto table = Optimal().Fill(utilities, {Eps(eps)});
    ASSERT_TRUE(table);
    EXPECT_NEAR(MeanUtility(*table, utilities, {}),
                std::exp(eps) / (1 + std::exp(eps)), 2e-6)
        << eps;
  }
}

// Its own objective, its own prior, no cap: never below any other mechanism.
TEST(OptimalTest, UncappedIsNeverBelowAnother) {
  InsecureSeededRandom random(22);
  for (const int k : {2, 3, 10, 20}) {
    for (const double eps : {0.02, 0.1, 0.5, 1.0, 2.0, 4.0, 10.0}) {
      const ClusterUtilities utilities = RandomUtilities(k, random);
      std::vector<double> prior;
      if (random.Next32() % 2 == 0) prior = RandomPrior(k, random);
      const FillOptions options{Eps(eps), true, false, prior};
      const auto best = Optimal().Fill(utilities, options);
      ASSERT_TRUE(best) << best.error().message();
      const double mine = MeanUtility(*best, utilities, prior);
      for (const Mechanism* const other : KnownMechanisms()) {
        const auto table = other->Fill(utilities, options);
        ASSERT_TRUE(table) << other->name();
        EXPECT_GE(mine, MeanUtility(*table, utilities, prior) - 1e-6)
            << other->name() << " k " << k << " eps " << eps;
      }
    }
  }
}

TEST(OptimalTest, CapHolds) {
  InsecureSeededRandom random(23);
  for (const int k : {3, 20, 33}) {
    for (const double eps : {0.1, 1.0, 3.0, 12.0}) {
      const ClusterUtilities utilities = RandomUtilities(k, random);
      const auto prior = RandomPrior(k, random);
      double total = 0;
      for (const double p : prior) total += p;
      const auto table =
          Optimal().Fill(utilities, {Eps(eps), true, true, prior});
      ASSERT_TRUE(table) << table.error().message();
      for (size_t y = 0; y < prior.size(); ++y) {
        double mass = 0;
        for (size_t x = 0; x < prior.size(); ++x) {
          mass += prior[x] / total * table->weights[x * prior.size() + y] /
                  4294967296.0;
        }
        EXPECT_LE(mass, 2.0 / static_cast<double>(k) + 1e-6);
      }
    }
  }
}

TEST(OptimalTest, ExtremesAreCertified) {
  InsecureSeededRandom random(24);
  for (const int k : {2, 20, 100}) {
    for (const double eps : {0.001, 0.01, 14.0, 16.0}) {
      for (const bool cap : {true, false}) {
        const auto table =
            Optimal().Fill(RandomUtilities(k, random), {Eps(eps), true, cap});
        ASSERT_TRUE(table) << k << " " << eps << table.error().message();
        EXPECT_TRUE(CertifyTable(table->weights, k, Eps(eps)));
      }
    }
  }
}

TEST(OptimalTest, IsDeterministic) {
  InsecureSeededRandom random(25);
  const ClusterUtilities utilities = RandomUtilities(20, random);
  EXPECT_EQ(Optimal().Fill(utilities, {Eps(1)})->weights,
            Optimal().Fill(utilities, {Eps(1)})->weights);
}

}  // namespace
}  // namespace cmif::privacy
