// SPDX-License-Identifier: Apache-2.0
// Renyi divergences of deployed integer tables: what composition over many
// words is computed from (Mironov, CSF 2017, arXiv 1702.07476). Pure
// functions: thread-safe.
#ifndef CMIF_PRIVACY_RENYI_H_
#define CMIF_PRIVACY_RENYI_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cmif::privacy {

// The orders at which curves are kept. The last place of a curve, beyond
// these, is order infinity (pure DP). Dense near 1, where documents of
// thousands of words have their best order, and up to 512 for a few words.
inline constexpr std::array<double, 43> kRenyiOrders = {
    1.01, 1.02, 1.03, 1.05, 1.07, 1.1,  1.15, 1.2,  1.25, 1.3, 1.4,
    1.5,  1.6,  1.75, 1.9,  2,    2.25, 2.5,  2.75, 3,    3.5, 4,
    4.5,  5,    6,    7,    8,    10,   12,   14,   16,   20,  24,
    28,   32,   40,   48,   64,   96,   128,  192,  256,  512};

// Upper bounds, in nats, of the divergences of all orders of kRenyiOrders and,
// last, of order infinity; non-decreasing up to rounding. All zero: nothing is
// lost.
using RenyiCurve = std::array<double, kRenyiOrders.size() + 1>;

// A bound of what floating point can lose in one value of a curve; added to
// each, so that curves are never too small. Derivation in renyi.cc.
constexpr double RenyiSlack(double order) {
  return 5e-14 + 5e-14 / (order - 1);
}

// For every order a the largest D_a(P(.|x) || P(.|x')) over the ordered pairs
// of words x, x' of a cluster, P(y|x) = weights[x k + y] / 2^32, plus
// RenyiSlack(a). Precondition: CertifyTable() passed the weights (k x k, k at
// most 256, positive, row sums 2^32, eps* <= 16). Cost: about 0.5 ms for k =
// 20, growing as k^3.
RenyiCurve TableCurve(std::span<const uint32_t> weights, int k);

// The largest curve that any mechanism of pure eps-DP can have: that of binary
// randomised response (Kairouz, Oh, Viswanath, ICML 2015, arXiv 1311.0776;
// divergence in Mironov 2017, Prop. 5), plus RenyiSlack. For channels whose
// adjacency is not that of one cluster's table. 0 <= eps <= 16e6 micro-eps.
RenyiCurve PureDpCurve(uint64_t epsilon_micro);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_RENYI_H_
