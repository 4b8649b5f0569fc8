// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/quadrature.h"

#include <array>
#include <cmath>
#include <mutex>
#include <numbers>

namespace cmif::privacy {
namespace {

struct Legendre {
  double value;
  double derivative;
};

// P_n(x) and P_n'(x) by the three-term recurrence (n >= 1, |x| < 1).
Legendre Evaluate(int n, double x) {
  double previous = 1;
  double current = x;
  for (int j = 2; j <= n; ++j) {
    const double next = ((2 * j - 1) * x * current - (j - 1) * previous) / j;
    previous = current;
    current = next;
  }
  return {current, n * (x * current - previous) / (x * x - 1)};
}

GaussRule MakeRule(int n) {
  GaussRule rule;
  for (int i = 0; i < n; ++i) {
    double x = -std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5));
    Legendre p = Evaluate(n, x);
    for (int step = 0; step < 8; ++step) {
      x -= p.value / p.derivative;
      p = Evaluate(n, x);
    }
    rule.nodes.push_back(0.5 * (x + 1));
    rule.weights.push_back(1 / ((1 - x * x) * p.derivative * p.derivative));
  }
  return rule;
}

struct Kept {
  std::once_flag once;
  GaussRule rule;
};

}  // namespace

const GaussRule& GaussLegendre(int n) {
  static std::array<Kept, kMaxGaussNodes + 1> kept;
  Kept& own = kept[static_cast<size_t>(n)];
  std::call_once(own.once, [&] { own.rule = MakeRule(n); });
  return own.rule;
}

}  // namespace cmif::privacy
