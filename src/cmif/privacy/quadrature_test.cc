// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/quadrature.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cmif::privacy {
namespace {

TEST(QuadratureTest, KnownNodes) {
  const GaussRule rule = GaussLegendre(2);
  EXPECT_NEAR(rule.nodes[0], 0.5 - std::sqrt(3.0) / 6, 1e-15);
  EXPECT_NEAR(rule.nodes[1], 0.5 + std::sqrt(3.0) / 6, 1e-15);
  EXPECT_NEAR(rule.weights[0], 0.5, 1e-15);
  EXPECT_NEAR(GaussLegendre(1).nodes[0], 0.5, 1e-15);
}

TEST(QuadratureTest, ExactUpToDegree2nMinus1) {
  for (const int n : {1, 2, 3, 5, 10, 16, 31, 64, 128}) {
    const GaussRule rule = GaussLegendre(n);
    for (const int degree : {0, 1, n, 2 * n - 2, 2 * n - 1}) {
      double sum = 0;
      for (size_t i = 0; i < rule.nodes.size(); ++i) {
        sum += rule.weights[i] * std::pow(rule.nodes[i], degree);
      }
      EXPECT_NEAR(sum, 1.0 / (degree + 1), 1e-14) << n << " " << degree;
    }
  }
}

}  // namespace
}  // namespace cmif::privacy
