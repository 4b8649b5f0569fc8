// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/rnm_laplace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "cmif/privacy/clustering.h"
#include "cmif/privacy/quadrature.h"

// With q = utility / b, F and f the distribution and density of Laplace(1):
//
//   p_i = Int f(z - q_i) Prod_{j != i} F(z - q_j) dz = Int G(z) h_i(z) dz,
//   G(z) = Prod_j F(z - q_j),  h_i = f / F at z - q_i.
//
// F(t) = e^t / 2 below 0 and 1 - e^-t / 2 above, so with x_i = e^(q_i - z) / 2
// h_i is 1 for z < q_i and x_i / (1 - x_i) for z > q_i: one pass over the
// nodes serves all outputs. The q, sorted, cut the line:
//  - below all q, G = 2^-k e^(kz - sum q): in closed form;
//  - between two q, an entire function of z: Gauss-Legendre on short pieces;
//  - above all q, with w = e^(q_max - z), a polynomial of degree k - 1 in w:
//    Gauss-Legendre with ceil(k / 2) nodes is exact.

namespace cmif::privacy {
namespace {

constexpr size_t kMax = kMaxClusterSize;
constexpr int kMaxNodes = kMaxClusterSize / 2;
static_assert(kMaxNodes <= kMaxGaussNodes);
constexpr double kLongestPiece = 0.5;
constexpr double kPieceError = 1e-15;

// The row sorted by utility, shifted so that the largest q is 0.
struct Row {
  size_t k = 0;
  std::array<int, kMax> order;      // rank -> index of the caller
  std::array<double, kMax> q;       // ascending, last is 0
  std::array<double, kMax> e;       // e^q
  std::array<double, kMax> result;  // by rank
};

void SortRow(std::span<const double> utilities, double scale, Row& row) {
  row.k = utilities.size();
  const auto end = row.order.begin() + static_cast<std::ptrdiff_t>(row.k);
  for (size_t i = 0; i < row.k; ++i) row.order[i] = static_cast<int>(i);
  std::sort(row.order.begin(), end, [&](int a, int b) {
    return utilities[static_cast<size_t>(a)] <
           utilities[static_cast<size_t>(b)];
  });
  const double top = utilities[static_cast<size_t>(row.order[row.k - 1])];
  for (size_t r = 0; r < row.k; ++r) {
    row.q[r] = (utilities[static_cast<size_t>(row.order[r])] - top) / scale;
    row.e[r] = std::exp(row.q[r]);
    row.result[r] = 0;
  }
}

// One piece of the line with `below` of the q at or below it.
struct Piece {
  double left;
  double width;
  size_t below;
  double above;      // number of q above
  double sum_above;  // their sum
  double e_below;    // sum of e^q of those below
};

// Nodes for an error below kPieceError. An n-node Gauss rule on [-1, 1] errs
// by at most 64/15 M rho^-2n / (1 - rho^-2), M = max |integrand| on the
// Bernstein ellipse of rho (Trefethen, Approximation Theory, theorem 19.3);
// scaled to the piece, the ellipse reaches `reach` beyond its ends and
// `height` off the axis. There the factors above grow like e^Re z; a factor
// below has |1 - x e^-iy| <= (1 - x) exp(x y^2 / 2 (1 - x)^2), where
// (1 - x) <= e^-x and, left of the piece, x <= e^reach / 2. The h_i that takes
// the place of one factor is worth at most a factor 2 / (1 - x).
int NodesFor(const Piece& piece) {
  int best = kMaxNodes;
  for (const double rho : {3.0, 6.0, 12.0, 24.0, 48.0, 96.0}) {
    const double reach = 0.5 * piece.width * (0.5 * (rho + 1 / rho) - 1);
    const double height = 0.25 * piece.width * (rho - 1 / rho);
    const double x = 0.5 * std::exp(reach);
    if (x > 0.9) break;
    const double right = piece.left + piece.width + reach;
    const double log_max = piece.above * (right - std::numbers::ln2) -
                           piece.sum_above -
                           0.5 * std::exp(-right) * piece.e_below +
                           0.25 * height * height / ((1 - x) * (1 - x)) *
                               std::exp(reach - piece.left) * piece.e_below;
    const double log_error = std::log(64.0 / 15 / (1 - 1 / (rho * rho)) * 0.5 *
                                      piece.width * 2 / (1 - x)) +
                             log_max - std::log(kPieceError);
    best = std::min(
        best, static_cast<int>(std::ceil(log_error / (2 * std::log(rho)))));
  }
  return std::max(best, 1);
}

// The integrand at one node: G(z) * weight, and of the ranks below added to
// their results. `t` = e^-z / 2.
double AddNode(double t, double prefactor, size_t below, Row& row) {
  std::array<double, kMax> factor;
  for (size_t j = 0; j < below; ++j) factor[j] = 1 - row.e[j] * t;
  // Four chains: the products' latency is the cost here.
  std::array<double, 4> chain = {prefactor, 1, 1, 1};
  size_t j = 0;
  for (; j + 4 <= below; j += 4) {
    for (size_t c = 0; c < 4; ++c) chain[c] *= factor[j + c];
  }
  for (; j < below; ++j) chain[0] *= factor[j];
  const double g = (chain[0] * chain[1]) * (chain[2] * chain[3]);
  const double gt = g * t;
  for (j = 0; j < below; ++j) row.result[j] += gt * row.e[j] / factor[j];
  return g;
}

double IntegratePiece(const Piece& piece, const GaussRule& rule, Row& row) {
  double total = 0;
  for (size_t i = 0; i < rule.nodes.size(); ++i) {
    const double z = piece.left + piece.width * rule.nodes[i];
    const double growth =
        std::exp(piece.above * (z - std::numbers::ln2) - piece.sum_above);
    total += AddNode(0.5 * std::exp(-z), growth * piece.width * rule.weights[i],
                     piece.below, row);
  }
  return total;
}

// Between q[below - 1] and q[below]; returns the integral of G.
double IntegrateGap(size_t below, double sum_above, double e_below, Row& row) {
  const double left = row.q[below - 1];
  const double width = row.q[below] - left;
  if (width <= 0) return 0;
  const auto above = static_cast<double>(row.k - below);
  // Short enough that e^(above z) stays easy for few nodes.
  const double longest = std::min(kLongestPiece, 12.0 / above);
  const double parts = std::ceil(width / longest);
  double total = 0;
  for (double part = 0; part < parts; ++part) {
    const Piece piece{left + width * part / parts,
                      width / parts,
                      below,
                      above,
                      sum_above,
                      e_below};
    total += IntegratePiece(piece, GaussLegendre(NodesFor(piece)), row);
  }
  return total;
}

// Above all q: dz = -dw / w, and x_i = e_i w / 2.
void IntegrateTop(const GaussRule& rule, Row& row) {
  for (size_t i = 0; i < rule.nodes.size(); ++i) {
    const double w = rule.nodes[i];
    AddNode(0.5 * w, rule.weights[i] / w, row.k, row);
  }
}

void Integrate(Row& row) {
  const size_t k = row.k;
  double sum_above = 0;
  for (size_t r = 0; r < k; ++r) sum_above += row.q[r];
  const auto count = static_cast<double>(k);
  // Sum over the part of the line so far of the integral of G: what every
  // output above it receives.
  double below_all =
      std::exp(count * (row.q[0] - std::numbers::ln2) - sum_above) / count;
  double e_below = 0;
  row.result[0] += below_all;
  for (size_t below = 1; below < k; ++below) {
    sum_above -= row.q[below - 1];
    e_below += row.e[below - 1];
    below_all += IntegrateGap(below, sum_above, e_below, row);
    row.result[below] += below_all;
  }
  IntegrateTop(GaussLegendre(static_cast<int>((k + 1) / 2)), row);
}

}  // namespace

void RnmLaplace::Probabilities(std::span<const double> utilities, double scale,
                               std::span<double> out) const {
  Row row;
  SortRow(utilities, scale, row);
  Integrate(row);
  double total = 0;
  for (size_t r = 0; r < row.k; ++r) total += row.result[r];
  for (size_t r = 0; r < row.k; ++r) {
    // Equal utilities: the value of the first of the tie, so that they are
    // equal to the last bit.
    if (r > 0 && row.q[r] == row.q[r - 1]) row.result[r] = row.result[r - 1];
    out[static_cast<size_t>(row.order[r])] = row.result[r] / total;
  }
}

}  // namespace cmif::privacy
