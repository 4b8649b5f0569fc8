// SPDX-License-Identifier: Apache-2.0
// What every mechanism promises, and independent second computations of the
// selection probabilities (Laplace: rnm_laplace_test.cc).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/rnm_exponential.h"
#include "cmif/privacy/rnm_gumbel.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/testing/monte_carlo.h"

namespace cmif::privacy {
namespace {

using testing::Eps;

std::vector<double> RandomRow(size_t k, RandomSource& random) {
  std::vector<double> row(k);
  for (double& u : row) u = random.Next32() / 4294967296.0;
  row[0] = 1;
  row[k - 1] = 0;
  return row;
}

std::vector<double> Probabilities(const ScaledMechanism& mechanism,
                                  const std::vector<double>& utilities,
                                  double scale) {
  std::vector<double> out(utilities.size());
  mechanism.Probabilities(utilities, scale, out);
  return out;
}

// One-dimensional integral by the double-exponential rule (Takahasi and Mori
// 1974): other nodes than any Gauss rule.
double Integrate(const std::function<double(double)>& f, double low,
                 double high) {
  const double centre = (low + high) / 2;
  const double half = (high - low) / 2;
  const double step = 1.0 / 256;
  double sum = 0;
  for (int i = -900; i <= 900; ++i) {
    const double s = i * step;
    const double inner = std::numbers::pi / 2 * std::sinh(s);
    const double weight = std::numbers::pi / 2 * std::cosh(s) /
                          (std::cosh(inner) * std::cosh(inner));
    const double x = centre + half * std::tanh(inner);
    if (x > low && x < high) sum += f(x) * weight;
  }
  return sum * step * half;
}

// P(i wins) = Int density(z - q_i) prod_{j != i} F(z - q_j) dz, piece by piece
// between the kinks.
double Direct(const std::vector<double>& q, size_t i,
              const std::function<double(double)>& density,
              const std::function<double(double)>& distribution, double below,
              double above) {
  std::vector<double> cuts = q;
  cuts.push_back(*std::ranges::min_element(q) - below);
  cuts.push_back(*std::ranges::max_element(q) + above);
  std::ranges::sort(cuts);
  double total = 0;
  for (size_t c = 0; c + 1 < cuts.size(); ++c) {
    if (cuts[c + 1] - cuts[c] < 1e-12) continue;
    total += Integrate(
        [&](double z) {
          double value = density(z - q[i]);
          for (size_t j = 0; j < q.size(); ++j) {
            if (j != i) value *= distribution(z - q[j]);
          }
          return value;
        },
        cuts[c], cuts[c + 1]);
  }
  return total;
}

void ExpectDirect(const ScaledMechanism& mechanism, uint64_t seed,
                  const std::function<double(double)>& density,
                  const std::function<double(double)>& distribution,
                  double below) {
  InsecureSeededRandom random(seed);
  for (const size_t k : {2, 3, 8, 20}) {
    for (const double inverse : {0.1, 1.0, 6.0, 17.0}) {
      const auto row = RandomRow(k, random);
      const auto p = Probabilities(mechanism, row, 1 / inverse);
      std::vector<double> q = row;
      for (double& value : q) value *= inverse;
      for (size_t i = 0; i < k; i += 1 + k / 5) {
        EXPECT_NEAR(p[i], Direct(q, i, density, distribution, below, 45), 1e-10)
            << k << " " << inverse << " " << i;
      }
    }
  }
}

TEST(MechanismsTest, ExponentialAgreesWithDirectIntegration) {
  ExpectDirect(
      RnmExponential(), 31, [](double z) { return z < 0 ? 0 : std::exp(-z); },
      [](double z) { return z < 0 ? 0 : 1 - std::exp(-z); }, 0);
}

TEST(MechanismsTest, GumbelAgreesWithDirectIntegration) {
  ExpectDirect(
      RnmGumbel(), 32, [](double z) { return std::exp(-z - std::exp(-z)); },
      [](double z) { return std::exp(-std::exp(-z)); }, 5);
}

double UnitOf(uint32_t word) { return (word + 0.5) / 4294967296.0; }

TEST(MechanismsTest, ExponentialAgreesWithMonteCarlo) {
  ExpectMonteCarlo(RnmExponential(), 33,
                   [](uint32_t word) { return -std::log(UnitOf(word)); });
}

TEST(MechanismsTest, GumbelAgreesWithMonteCarlo) {
  ExpectMonteCarlo(RnmGumbel(), 34, [](uint32_t word) {
    return -std::log(-std::log(UnitOf(word)));
  });
}

// Permute-and-flip itself (2010.12603, algorithm 1): take a random order, keep
// the first whose coin of e^((u - max u) / b) falls heads.
TEST(MechanismsTest, ExponentialIsPermuteAndFlip) {
  const std::vector<double> utilities = {1, 0.8, 0.4, 0};
  const double scale = 0.6;
  const auto p = Probabilities(RnmExponential(), utilities, scale);
  std::vector<size_t> order = {0, 1, 2, 3};
  std::vector<double> exact(4, 0.0);
  // Over all orders; after a whole round without heads the best is reached in
  // the end: its coin is always heads, so a round never ends without one.
  do {
    double left = 1;
    for (const size_t i : order) {
      const double heads = std::exp((utilities[i] - 1) / scale);
      exact[i] += left * heads / 24;
      left *= 1 - heads;
    }
  } while (std::ranges::next_permutation(order).found);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(p[i], exact[i], 1e-13);
}

ClusterUtilities RandomUtilities(size_t k, RandomSource& random) {
  ClusterUtilities utilities{static_cast<int>(k), {}};
  for (size_t x = 0; x < k; ++x) {
    auto row = RandomRow(k, random);
    std::swap(row[0], row[x]);
    utilities.values.insert(utilities.values.end(), row.begin(), row.end());
  }
  return utilities;
}

// The tolerance: eps* in [0.999 eps, eps] for eps in [0.02, 16].
TEST(MechanismsTest, CalibrationReachesTheTolerance) {
  InsecureSeededRandom random(35);
  for (const auto* name :
       {"rnm-laplace", "rnm-exponential", "rnm-gumbel", "krr"}) {
    const Mechanism* const mechanism = FindMechanism(name).value();
    for (const size_t k : {2, 5, 20}) {
      for (const double eps : {0.02, 0.1, 1.0, 3.0, 6.0, 12.0, 16.0}) {
        const auto table =
            mechanism->Fill(RandomUtilities(k, random), {Eps(eps)});
        ASSERT_TRUE(table) << name;
        EXPECT_LE(table->loss_micro, Eps(eps).micro());
        EXPECT_GE(static_cast<double>(table->loss_micro), 0.999e6 * eps)
            << name << " k " << k << " eps " << eps;
      }
    }
  }
}

TEST(MechanismsTest, AllCertifyWhateverTheyGet) {
  InsecureSeededRandom random(36);
  for (const Mechanism* const mechanism : KnownMechanisms()) {
    for (const size_t k : {2, 3, 33, 256}) {
      for (const double eps : {0.001, 1.0, 16.0}) {
        if (k == 256 && mechanism->name() == "optimal") continue;  // slow
        for (const bool calibrate : {true, false}) {
          const auto table = mechanism->Fill(RandomUtilities(k, random),
                                             {Eps(eps), calibrate});
          ASSERT_TRUE(table) << mechanism->name() << " " << k << " " << eps;
          EXPECT_TRUE(
              CertifyTable(table->weights, static_cast<int>(k), Eps(eps)));
        }
      }
    }
  }
}

TEST(MechanismsTest, EqualUtilitiesGiveUniformRows) {
  const ClusterUtilities utilities{5, std::vector<double>(25, 0.0)};
  for (const Mechanism* const mechanism : KnownMechanisms()) {
    const auto table = mechanism->Fill(utilities, {Eps(1)});
    ASSERT_TRUE(table) << mechanism->name();
    EXPECT_EQ(table->loss_micro, 0U);
    EXPECT_NEAR(table->weights[7], 4294967296.0 / 5, 1);
  }
}

TEST(MechanismsTest, MedoidIsConstant) {
  InsecureSeededRandom random(37);
  ClusterUtilities utilities = RandomUtilities(20, random);
  for (size_t x = 0; x < 20; ++x) utilities.values[x * 20 + 13] = 1;
  const auto table = FindMechanism("medoid").value()->Fill(utilities, {Eps(1)});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->loss_micro, 0U);
  for (size_t x = 0; x < 20; ++x) {
    EXPECT_EQ(table->weights[x * 20 + 13], kRowSum - 19);
    EXPECT_EQ(table->weights[x * 20 + 12], 1U);
  }
  // The prior chooses: all of it on a word that likes only itself.
  std::vector<double> prior(20, 0.0);
  prior[4] = 1;
  utilities.values[4 * 20 + 13] = 0;
  const auto moved = FindMechanism("medoid").value()->Fill(
      utilities, {Eps(1), true, true, prior});
  EXPECT_EQ(moved->weights[4], kRowSum - 19);
}

TEST(MechanismsTest, BadPriorsAreRefused) {
  InsecureSeededRandom random(38);
  const ClusterUtilities utilities = RandomUtilities(3, random);
  const double nan = std::nan("");
  const std::vector<std::vector<double>> bad = {{1, 1},     {1, 1, 1, 1},
                                                {-1, 1, 1}, {nan, 1, 1},
                                                {0, 0, 0},  {HUGE_VAL, 1, 1}};
  for (const Mechanism* const mechanism : KnownMechanisms()) {
    for (const auto& prior : bad) {
      const auto table =
          mechanism->Fill(utilities, {Eps(1), true, true, prior});
      ASSERT_FALSE(table) << mechanism->name();
      EXPECT_EQ(table.error().code(), Code::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace cmif::privacy
