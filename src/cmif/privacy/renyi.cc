// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/renyi.h"

#include <algorithm>
#include <cmath>
#include <vector>

// Numerics. With p = P(.|x), q = P(.|x'), and any c_y per column,
//
//   (a - 1) D_a = ln sum_y p_y e^{(a-1)(ln p_y - c_y)} e^{-(a-1)(ln q_y - c_y)}
//
// so that all k^2 divergences of one order are a product of two k x k
// matrices. c_y is the middle of column y, hence no exponent beyond
// (a - 1) eps* / 2: double where that is below kDoubleExponent, else long
// double (of more range on x86 and ARM; where it has none, order infinity
// bounds the rest).
//
// Error of D_a, u = 2^-53: the weights are exact, their logarithms are below
// 22.2 and err by 3.6e-15, each difference by 1.8e-15 more, its product with
// (a - 1), divided by (a - 1) again, by another 1.8e-15: 1.5e-14 for the two
// factors. Exponentials, products and the sum of k positive terms err by
// (k + 6) u <= 3e-14 relatively, that is 3e-14 / (a - 1) of D_a, the last
// logarithm and division by 3 u D_a <= 6e-15. RenyiSlack() is more than twice
// that.
namespace cmif::privacy {
namespace {

constexpr double kDoubleExponent = 300;  // e^(2 x 300) still is a double

// ln of every weight, less the middle of its column.
struct CentredLogs {
  std::vector<double> values;  // k x k, row-major
  double spread = 0;           // largest difference within a column
};

CentredLogs CentreColumns(std::span<const uint32_t> weights, size_t k) {
  CentredLogs logs;
  logs.values.resize(k * k);
  for (size_t i = 0; i < k * k; ++i) {
    logs.values[i] = std::log(static_cast<double>(weights[i]));
  }
  for (size_t y = 0; y < k; ++y) {
    double low = logs.values[y];
    double high = low;
    for (size_t x = 1; x < k; ++x) {
      low = std::min(low, logs.values[x * k + y]);
      high = std::max(high, logs.values[x * k + y]);
    }
    const double middle = 0.5 * (low + high);
    for (size_t x = 0; x < k; ++x) logs.values[x * k + y] -= middle;
    logs.spread = std::max(logs.spread, high - low);
  }
  return logs;
}

// The largest sum_y p_y (p_y / q_y)^(a-1) over the pairs of rows.
template <typename Real>
Real LargestSum(std::span<const uint32_t> weights, const CentredLogs& logs,
                size_t k, double power) {
  std::vector<Real> left(k * k);
  std::vector<Real> right(k * k);  // transposed: column x' beside column x'
  for (size_t x = 0; x < k; ++x) {
    for (size_t y = 0; y < k; ++y) {
      const Real raised =
          std::exp(static_cast<Real>(power * logs.values[x * k + y]));
      left[x * k + y] = static_cast<Real>(weights[x * k + y]) * raised;
      right[y * k + x] = 1 / raised;
    }
  }
  Real largest = 0;
  std::vector<Real> sums(k);
  for (size_t x = 0; x < k; ++x) {
    std::ranges::fill(sums, Real{0});
    for (size_t y = 0; y < k; ++y) {
      const Real factor = left[x * k + y];
      const Real* const column = &right[y * k];
      for (size_t other = 0; other < k; ++other) {
        sums[other] += factor * column[other];
      }
    }
    largest = std::max(largest, *std::ranges::max_element(sums));
  }
  return largest * static_cast<Real>(0x1p-32);
}

double Divergence(std::span<const uint32_t> weights, const CentredLogs& logs,
                  size_t k, double order) {
  const double power = order - 1;
  if (power * logs.spread / 2 < kDoubleExponent) {
    return std::log(LargestSum<double>(weights, logs, k, power)) / power;
  }
  return static_cast<double>(
      std::log(LargestSum<long double>(weights, logs, k, power)) /
      static_cast<long double>(power));
}

// Adds the slack and caps by order infinity, which bounds every order.
double Bounded(double divergence, double order, double infinity) {
  const double value = divergence + RenyiSlack(order);
  return std::isfinite(value) ? std::clamp(value, 0.0, infinity) : infinity;
}

}  // namespace

RenyiCurve TableCurve(std::span<const uint32_t> weights, int k) {
  const auto size = static_cast<size_t>(k);
  const CentredLogs logs = CentreColumns(weights, size);
  RenyiCurve curve{};
  if (logs.spread == 0) return curve;  // equal rows
  curve.back() = logs.spread + RenyiSlack(2);
  for (size_t i = 0; i < kRenyiOrders.size(); ++i) {
    curve[i] = Bounded(Divergence(weights, logs, size, kRenyiOrders[i]),
                       kRenyiOrders[i], curve.back());
  }
  return curve;
}

RenyiCurve PureDpCurve(uint64_t epsilon_micro) {
  RenyiCurve curve{};
  if (epsilon_micro == 0) return curve;
  const double eps = static_cast<double>(epsilon_micro) / 1e6;
  curve.back() = eps;
  for (size_t i = 0; i < kRenyiOrders.size(); ++i) {
    // With p = e^eps / (1 + e^eps), q = 1 - p:
    // ln(p^a q^(1-a) + q^a p^(1-a)) / (a - 1), e^((a-1) eps) taken out.
    const double a = kRenyiOrders[i];
    const double rest =
        std::log1p(std::exp((1 - 2 * a) * eps)) - std::log1p(std::exp(-eps));
    curve[i] = Bounded(eps + rest / (a - 1), a, curve.back());
  }
  return curve;
}

}  // namespace cmif::privacy
