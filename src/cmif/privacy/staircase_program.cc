// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/staircase_program.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

// A column y of P obeys P(y|x) <= e^eps P(y|x') exactly if it is a sum of
// theta a, theta >= 0, with a_x in {q, 1}, q = e^-eps (the extreme rays of that
// cone). So the program is one over all theta of all (y, a): k 2^k unknowns,
// k equations, one for each row (and k caps). The simplex method needs only the
// best unknown for given duals, and that is easy: a_x = 1 where
// t_x = prior(x) (u(x,y) - mu_y) - lambda_x is positive.
//
// Caps: sum_x prior(x) P(y|x) + slack_y - over_y = cap, with the price kOver k
// on over_y. A channel with overshoots of sum V becomes one that obeys by
// mixing it with the uniform one in the share V / (V + cap - 1/k); utilities
// are of [0, 1], so V / (cap - 1/k) is the most that this can lose, and with
// a price above 1 / (cap - 1/k) no optimum overshoots.
//
// Optima often use fewer than k columns (hubs): to keep pivots from standing
// still the right-hand sides are spread by up to kSpread.

namespace cmif::privacy {
namespace {

constexpr double kSpread = 1e-8;
// Largest k r_y at which the vertex counts as the optimum.
constexpr double kGap = 5e-9;
constexpr double kSmallestPivot = 1e-9;
constexpr int kPivotsPerWord = 2'000;

// In [0, 1), different for different i: the fractions of i times the golden
// ratio.
double Fraction(size_t i) {
  const double x = (static_cast<double>(i) + 1) * 0.6180339887498949;
  return x - std::floor(x);
}

class Simplex {
 public:
  explicit Simplex(const StaircaseProgram& program);

  // False when the pivots run out.
  bool Run();
  StaircaseSolution Solution() const;

 private:
  // A basic unknown: a staircase column of output y, or y's slack (sign 1) or
  // overshoot (sign -1).
  struct Unknown {
    size_t y = 0;
    int sign = 0;  // 0: staircase
    double cost = 0;
    std::vector<double> a;  // staircase: k values
  };

  double& Inverse(size_t row, size_t column) {
    return inverse_[row * m_ + column];
  }
  double ReducedCost(size_t y) const;
  Unknown Staircase(size_t y, const std::vector<uint8_t>& ones) const;
  Unknown Slack(size_t y, int sign) const {
    return {y, sign, sign > 0 ? 0 : -price_, {}};
  }
  Unknown BestFor(size_t y) const;
  double CapShare(const Unknown& unknown) const;
  void Start();
  // The unknown of the largest reduced cost; false if none is above the gap.
  bool Price(Unknown& entering, double& reduced) const;
  void Direction(const Unknown& entering);
  // The basic unknown that leaves, or m_ if none can.
  size_t Leaving() const;
  void Pivot(size_t leaving, Unknown entering, double reduced);
  void Refactor();

  size_t k_;
  size_t m_;  // rows: k, with caps 2 k
  double q_;
  double cap_;
  double price_;
  std::vector<double> prior_;
  std::vector<double> gain_;  // gain_[y k + x] = prior(x) u(x, y)
  std::vector<double> right_;
  std::vector<Unknown> basis_;
  std::vector<double> inverse_;
  std::vector<double> values_;
  std::vector<double> duals_;
  std::vector<double> direction_;
  int pivots_ = 0;
};

Simplex::Simplex(const StaircaseProgram& program)
    : k_(static_cast<size_t>(program.utilities.k)),
      m_(program.cap < 1 ? 2 * k_ : k_),
      q_(std::exp(-program.epsilon)),
      cap_(program.cap),
      prior_(program.prior),
      gain_(k_ * k_),
      right_(m_),
      basis_(m_),
      inverse_(m_ * m_),
      values_(m_),
      duals_(m_),
      direction_(m_) {
  price_ = 1.5 / (cap_ - 1 / static_cast<double>(k_));
  for (size_t x = 0; x < k_; ++x) {
    for (size_t y = 0; y < k_; ++y) {
      gain_[y * k_ + x] = prior_[x] * program.utilities.values[x * k_ + y];
    }
    right_[x] = 1 + kSpread * Fraction(x);
  }
  for (size_t y = k_; y < m_; ++y) {
    right_[y] = cap_ * (1 - kSpread * Fraction(y));
  }
}

Simplex::Unknown Simplex::Staircase(size_t y,
                                    const std::vector<uint8_t>& ones) const {
  Unknown unknown{y, 0, 0, std::vector<double>(k_)};
  for (size_t x = 0; x < k_; ++x) {
    unknown.a[x] = ones[x] != 0 ? 1 : q_;
    unknown.cost += gain_[y * k_ + x] * unknown.a[x];
  }
  return unknown;
}

// What the unknown adds to the row of y's cap.
double Simplex::CapShare(const Unknown& unknown) const {
  if (unknown.sign != 0) return unknown.sign;
  double share = 0;
  for (size_t x = 0; x < k_; ++x) share += prior_[x] * unknown.a[x];
  return share;
}

// Randomised response (column y is 1 at y) with slacks and overshoots to fit.
void Simplex::Start() {
  std::vector<uint8_t> ones(k_);
  const double theta = 1 / (1 + static_cast<double>(k_ - 1) * q_);
  for (size_t y = 0; y < k_; ++y) {
    ones[y] = 1;
    basis_[y] = Staircase(y, ones);
    ones[y] = 0;
    if (m_ == k_) continue;
    const bool fits = theta * CapShare(basis_[y]) < right_[k_ + y];
    basis_[k_ + y] = Slack(y, fits ? 1 : -1);
  }
  Refactor();
}

// The inverse of the basis by Gauss and Jordan with row exchanges, then values
// and duals from it.
void Simplex::Refactor() {
  std::vector<double> matrix(m_ * m_, 0.0);
  for (size_t j = 0; j < m_; ++j) {
    const Unknown& unknown = basis_[j];
    for (size_t x = 0; x < unknown.a.size(); ++x) {
      matrix[x * m_ + j] = unknown.a[x];
    }
    if (m_ > k_) matrix[(k_ + unknown.y) * m_ + j] = CapShare(unknown);
  }
  std::fill(inverse_.begin(), inverse_.end(), 0.0);
  for (size_t i = 0; i < m_; ++i) Inverse(i, i) = 1;
  for (size_t j = 0; j < m_; ++j) {
    size_t best = j;
    for (size_t i = j + 1; i < m_; ++i) {
      if (std::abs(matrix[i * m_ + j]) > std::abs(matrix[best * m_ + j])) {
        best = i;
      }
    }
    if (best != j) {
      for (size_t c = 0; c < m_; ++c) {
        std::swap(matrix[best * m_ + c], matrix[j * m_ + c]);
        std::swap(Inverse(best, c), Inverse(j, c));
      }
    }
    const double pivot = matrix[j * m_ + j];
    for (size_t c = 0; c < m_; ++c) {
      matrix[j * m_ + c] /= pivot;
      Inverse(j, c) /= pivot;
    }
    for (size_t i = 0; i < m_; ++i) {
      const double factor = matrix[i * m_ + j];
      if (i == j || factor == 0) continue;
      for (size_t c = 0; c < m_; ++c) {
        matrix[i * m_ + c] -= factor * matrix[j * m_ + c];
        Inverse(i, c) -= factor * Inverse(j, c);
      }
    }
  }
  std::fill(duals_.begin(), duals_.end(), 0.0);
  for (size_t i = 0; i < m_; ++i) {
    values_[i] = 0;
    for (size_t c = 0; c < m_; ++c) {
      values_[i] += Inverse(i, c) * right_[c];
      duals_[c] += basis_[i].cost * Inverse(i, c);
    }
  }
}

double Simplex::ReducedCost(size_t y) const {
  const double mu = m_ > k_ ? duals_[k_ + y] : 0;
  double reduced = 0;
  for (size_t x = 0; x < k_; ++x) {
    const double t = gain_[y * k_ + x] - mu * prior_[x] - duals_[x];
    reduced += std::max(t, q_ * t);
  }
  return reduced;
}

Simplex::Unknown Simplex::BestFor(size_t y) const {
  const double mu = m_ > k_ ? duals_[k_ + y] : 0;
  std::vector<uint8_t> ones(k_);
  for (size_t x = 0; x < k_; ++x) {
    ones[x] = gain_[y * k_ + x] - mu * prior_[x] - duals_[x] > 0 ? 1 : 0;
  }
  return Staircase(y, ones);
}

bool Simplex::Price(Unknown& entering, double& reduced) const {
  reduced = kGap / static_cast<double>(k_);
  size_t best = k_;
  for (size_t y = 0; y < k_; ++y) {
    const double candidate = ReducedCost(y);
    if (candidate <= reduced) continue;
    reduced = candidate;
    best = y;
  }
  const bool staircase = best < k_;
  if (staircase) entering = BestFor(best);
  bool found = staircase;
  for (size_t y = 0; k_ + y < m_; ++y) {
    for (const int sign : {1, -1}) {
      const double mu = duals_[k_ + y];
      const double candidate = sign > 0 ? -mu : mu - price_;
      if (candidate <= reduced) continue;
      reduced = candidate;
      entering = Slack(y, sign);
      found = true;
    }
  }
  return found;
}

// direction = inverse * column of `entering`.
void Simplex::Direction(const Unknown& entering) {
  const double share = m_ > k_ ? CapShare(entering) : 0;
  for (size_t i = 0; i < m_; ++i) {
    const double* row = &inverse_[i * m_];
    double sum = m_ > k_ ? row[k_ + entering.y] * share : 0;
    for (size_t x = 0; x < entering.a.size(); ++x)
      sum += row[x] * entering.a[x];
    direction_[i] = sum;
  }
}

// The smallest ratio; of nearly equal ones that of the largest pivot.
size_t Simplex::Leaving() const {
  double least = HUGE_VAL;
  for (size_t i = 0; i < m_; ++i) {
    if (direction_[i] <= kSmallestPivot) continue;
    least =
        std::min(least, (std::max(values_[i], 0.0) + 1e-12) / direction_[i]);
  }
  size_t leaving = m_;
  for (size_t i = 0; i < m_; ++i) {
    if (direction_[i] <= kSmallestPivot) continue;
    if (std::max(values_[i], 0.0) / direction_[i] > least) continue;
    if (leaving == m_ || direction_[i] > direction_[leaving]) leaving = i;
  }
  return leaving;
}

void Simplex::Pivot(size_t leaving, Unknown entering, double reduced) {
  const double pivot = direction_[leaving];
  const double step = std::max(values_[leaving], 0.0) / pivot;
  double* const pivot_row = &inverse_[leaving * m_];
  for (size_t c = 0; c < m_; ++c) pivot_row[c] /= pivot;
  for (size_t i = 0; i < m_; ++i) {
    if (i == leaving) continue;
    values_[i] -= step * direction_[i];
    const double factor = direction_[i];
    double* const row = &inverse_[i * m_];
    for (size_t c = 0; c < m_; ++c) row[c] -= factor * pivot_row[c];
  }
  values_[leaving] = step;
  for (size_t c = 0; c < m_; ++c) duals_[c] += reduced * pivot_row[c];
  basis_[leaving] = std::move(entering);
}

bool Simplex::Run() {
  Start();
  const int limit = kPivotsPerWord * static_cast<int>(k_);
  const int refactor = std::max(50, static_cast<int>(m_));
  bool fresh = true;
  while (pivots_ < limit) {
    Unknown entering;
    double reduced = 0;
    const bool found = Price(entering, reduced);
    size_t leaving = m_;
    if (found) {
      Direction(entering);
      leaving = Leaving();
    }
    if (leaving == m_) {
      // Done, or lost in rounding: believed only of a fresh inverse.
      if (fresh) return !found;
      Refactor();
      fresh = true;
      continue;
    }
    Pivot(leaving, std::move(entering), reduced);
    fresh = false;
    if (++pivots_ % refactor == 0) {
      Refactor();
      fresh = true;
    }
  }
  return false;
}

StaircaseSolution Simplex::Solution() const {
  StaircaseSolution solution;
  solution.pivots = pivots_;
  solution.probabilities.assign(k_ * k_, 0.0);
  for (size_t j = 0; j < m_; ++j) {
    const Unknown& unknown = basis_[j];
    for (size_t x = 0; x < unknown.a.size(); ++x) {
      solution.probabilities[x * k_ + unknown.y] +=
          std::max(values_[j], 0.0) * unknown.a[x];
    }
  }
  for (size_t x = 0; x < k_; ++x) {
    double sum = 0;
    for (size_t y = 0; y < k_; ++y) sum += solution.probabilities[x * k_ + y];
    for (size_t y = 0; y < k_; ++y) {
      double& p = solution.probabilities[x * k_ + y];
      p /= sum;
      solution.value += gain_[y * k_ + x] * p;
    }
  }
  const auto cut = duals_.begin() + static_cast<std::ptrdiff_t>(k_);
  solution.row_duals.assign(duals_.begin(), cut);
  solution.cap_duals.assign(cut, duals_.end());
  double worst = 0;
  for (size_t y = 0; y < k_; ++y) worst = std::max(worst, ReducedCost(y));
  for (double& mu : solution.cap_duals) mu = std::max(mu, 0.0);
  for (const double lambda : solution.row_duals) solution.bound += lambda;
  for (const double mu : solution.cap_duals) solution.bound += cap_ * mu;
  solution.bound += static_cast<double>(k_) * worst;
  return solution;
}

}  // namespace

Result<StaircaseSolution> SolveStaircase(const StaircaseProgram& program) {
  Simplex simplex(program);
  if (!simplex.Run()) {
    return Internal("the linear program of a cluster did not come to an end");
  }
  return simplex.Solution();
}

}  // namespace cmif::privacy
