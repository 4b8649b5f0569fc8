// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rnm_laplace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/testing/monte_carlo.h"

namespace cmif::privacy {
namespace {

double Distribution(double t) {
  return t < 0 ? 0.5 * std::exp(t) : 1 - 0.5 * std::exp(-t);
}

// The textbook formula for one output, by Boole's rule on short equal pieces
// between the kinks, in z: other nodes, nothing shared between outputs. Outside
// the cuts lies less than e^-30: above the largest q one density, below the
// least one the product of k distributions.
double Direct(const std::vector<double>& q, size_t i) {
  const auto k = static_cast<double>(q.size());
  std::vector<double> cuts = q;
  cuts.push_back(*std::min_element(q.begin(), q.end()) - 30 / k);
  cuts.push_back(*std::max_element(q.begin(), q.end()) + 30);
  std::sort(cuts.begin(), cuts.end());
  const auto integrand = [&](double z) {
    double value = 0.5 * std::exp(-std::abs(z - q[i]));
    for (size_t j = 0; j < q.size(); ++j) {
      if (j != i) value *= Distribution(z - q[j]);
    }
    return value;
  };
  // Boole errs by 8/945 h^6 of the sixth derivative (h a quarter piece), which
  // for these products is about k^3 of the value: below 1e-12.
  const double piece = 0.1 / std::sqrt(k);
  double total = 0;
  for (size_t c = 0; c + 1 < cuts.size(); ++c) {
    const double width = cuts[c + 1] - cuts[c];
    const int pieces = static_cast<int>(std::ceil(width / piece));
    for (int p = 0; p < pieces; ++p) {
      const double step = width / pieces / 4;
      const double z = cuts[c] + 4 * p * step;
      total += step * 2 / 45 *
               (7 * integrand(z) + 32 * integrand(z + step) +
                12 * integrand(z + 2 * step) + 32 * integrand(z + 3 * step) +
                7 * integrand(z + 4 * step));
    }
  }
  return total;
}

std::vector<double> Probabilities(const std::vector<double>& utilities,
                                  double scale) {
  std::vector<double> out(utilities.size());
  RnmLaplace().Probabilities(utilities, scale, out);
  return out;
}

void ExpectDirect(const std::vector<double>& utilities, double scale) {
  const auto p = Probabilities(utilities, scale);
  std::vector<double> q = utilities;
  for (double& value : q) value /= scale;
  // All outputs of small rows, four of large ones.
  const size_t step = q.size() < 8 ? 1 : q.size() / 4;
  for (size_t i = 0; i < q.size(); i += step) {
    EXPECT_NEAR(p[i], Direct(q, i), 1e-10) << i << " of " << q.size();
  }
}

std::vector<double> RandomRow(size_t k, RandomSource& random) {
  std::vector<double> row(k);
  for (double& u : row) u = random.Next32() / 4294967296.0;
  if (k > 1) {
    row[0] = 1;
    row[k - 1] = 0;
  }
  return row;
}

TEST(RnmLaplaceTest, TwoOutputsMatchTheClosedForm) {
  // P(the lower wins) = e^-d (2 + d) / 4 for a gap of d: the difference of two
  // Laplace variables has the tail e^-d (2 + d) / 4.
  for (const double gap : {0.0, 0.01, 0.5, 1.0, 7.0, 40.0}) {
    const auto p =
        Probabilities({gap == 0 ? 1.0 : 0.0, 1.0}, gap == 0 ? 1.0 : 1.0 / gap);
    const double lower = std::exp(-gap) * (2 + gap) / 4;
    EXPECT_NEAR(p[0], lower, 1e-14) << gap;
    EXPECT_NEAR(p[0] / lower, 1, 1e-9) << gap;
    EXPECT_NEAR(p[1], 1 - lower, 1e-14) << gap;
  }
}

TEST(RnmLaplaceTest, AgreesWithDirectIntegration) {
  InsecureSeededRandom random(11);
  for (const size_t k : {1, 2, 3, 5, 20, 33}) {
    for (const double inverse : {0.01, 1.0, 5.0, 17.0, 40.0}) {
      ExpectDirect(RandomRow(k, random), 1 / inverse);
    }
  }
}

TEST(RnmLaplaceTest, AgreesWithDirectIntegrationForLargeClusters) {
  InsecureSeededRandom random(12);
  for (const double inverse : {0.5, 12.0, 40.0}) {
    ExpectDirect(RandomRow(256, random), 1 / inverse);
  }
  std::vector<double> steps(256, 0.0);  // all but one at the bottom
  steps[100] = 1;
  ExpectDirect(steps, 1.0 / 20);
  std::vector<double> top(256, 1.0);  // all but one at the top
  top[100] = 0;
  ExpectDirect(top, 1.0 / 20);
}

TEST(RnmLaplaceTest, TiesAreEqualToTheLastBit) {
  const auto p = Probabilities({0.3, 1, 0.3, 0, 1, 0.3}, 0.2);
  EXPECT_EQ(p[0], p[2]);
  EXPECT_EQ(p[0], p[5]);
  EXPECT_EQ(p[1], p[4]);
  ExpectDirect({0.3, 1, 0.3, 0, 1, 0.3}, 0.2);
}

TEST(RnmLaplaceTest, EqualUtilitiesAreUniform) {
  for (const size_t k : {1, 2, 20, 256}) {
    for (const double p : Probabilities(std::vector<double>(k, 0.7), 0.1)) {
      EXPECT_NEAR(p, 1.0 / static_cast<double>(k), 1e-14);
    }
  }
}

TEST(RnmLaplaceTest, SumsToOneAndOrdersByUtility) {
  InsecureSeededRandom random(13);
  for (const size_t k : {2, 20, 100, 256}) {
    const auto row = RandomRow(k, random);
    const auto p = Probabilities(row, 0.1);
    double total = 0;
    for (size_t i = 0; i < k; ++i) {
      total += p[i];
      EXPECT_GT(p[i], 0);
      EXPECT_LE(p[i], p[0] + 1e-14);  // row[0] = 1 is the largest
    }
    EXPECT_NEAR(total, 1, 1e-12);
  }
}

TEST(RnmLaplaceTest, AgreesWithMonteCarlo) {
  // Inverse transform; the sign is the word's lowest bit.
  ExpectMonteCarlo(RnmLaplace(), 14, [](uint32_t word) {
    const double uniform = ((word >> 1) + 0.5) / 2147483648.0;
    return (word & 1U ? 1 : -1) * -std::log(uniform);
  });
}

}  // namespace
}  // namespace cmif::privacy
