// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/staircase_program.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cmif/privacy/dense_lu.h"

// The program in k^2 + k unknowns, p_xy = P(y|x) and m_y = min_x p_xy, with
// q = e^-eps (the cap as in the header):
//
//   a_xy = p_xy - m_y >= 0,  b_xy = m_y - q p_xy >= 0,
//   c_y = cap - sum_x prior(x) p_xy >= 0,  sum_y p_xy = 1.
//
// With duals alpha, beta, gamma >= 0 and lambda and g_xy = prior(x) u(x,y) the
// optimum is where the duals hold,
//   rd_xy = g_xy - lambda_x + alpha_xy - q beta_xy - gamma_y prior(x) = 0,
//   rm_y  = sum_x (beta_xy - alpha_xy) = 0,
// and a alpha = b beta = c gamma = 0. Mehrotra's predictor-corrector method
// (Wright, Primal-Dual Interior-Point Methods, chapter 10) takes Newton steps
// for these products = a target that falls. With A = alpha / a, B = beta / b,
// C = gamma / c, targets ra, rb, rc for the products' change,
//   D = A + q^2 B,  F = A + q B,  f = F / D,  w = prior / D,
//   h_x = rd + ra / a - q rb / b - prior rc / c,
//   hm = rm + sum_x (rb / b - ra / a)
// (per y) the step obeys, with v_y the step of gamma_y less rc / c,
//   D dp = h - dlambda + F dm - prior v,
//   f . dlambda + R dm + s v = f . h + hm,
//   w . dlambda - s dm + u v = w . h,
//   R = sum_x (1 - q)^2 A B / D,  s = f . prior,  u = 1 / C + w . prior,
// and sum_y dp_xy = 1 - sum_y p_xy closes the system in dlambda, dm and v. Its
// diagonal is positive and the rest skew-symmetric. Solved whole: eliminating
// dm and v first would leave k unknowns, and lose the digits that small eps
// needs.

namespace cmif::privacy {
namespace {

constexpr double kWantedGap = 1e-9;
constexpr double kAcceptedGap = 1e-7;
// Rows sum to 1 up to this before they are divided by their sums.
constexpr double kRowError = 1e-8;
constexpr int kMaxIterations = 200;
// Share of the way to the nearest wall that a step may go.
constexpr double kStep = 0.995;

// m, the slacks and the duals, or a step in all of them; p = m + a. Slacks and
// their steps have numbers of their own: as differences near a wall they would
// be rounding errors. Arrays of k^2 lie by output: [y k + x].
struct Point {
  std::vector<double> a, b, alpha, beta;
  std::vector<double> m, c, gamma, lambda;
  explicit Point(size_t k)
      : a(k * k),
        b(k * k),
        alpha(k * k),
        beta(k * k),
        m(k),
        c(k),
        gamma(k),
        lambda(k) {}
};

class InteriorPoint {
 public:
  explicit InteriorPoint(const StaircaseProgram& program);

  // Goes on until the gap is kWantedGap or no step makes it smaller; false if
  // it is then above kAcceptedGap.
  bool Run();
  StaircaseSolution TakeBest() { return std::move(best_); }

 private:
  void Start();
  double P(size_t i, size_t y) const { return at_.m[y] + at_.a[i]; }
  // Mean of all products.
  double Centre() const;
  bool Factor();
  void FillColumn(size_t y);
  // The step for products = target, less the products of the steps of
  // `predicted` where given (Mehrotra's correction).
  void Step(double target, const Point* predicted, Point& step);
  void RightSide(size_t y, double target, const Point* predicted, Point& step);
  void AddSolution(Point& step);
  void Refine(Point& step);
  // Longest steps (up to 1) that keep slacks and duals positive.
  std::pair<double, double> Lengths(const Point& step) const;
  double CentreAfter(const Point& step, double primal, double dual) const;
  void Move(const Point& step, double primal, double dual);
  double ReducedCost(size_t y) const;
  // Records the point if its gap is the least so far; says whether it is.
  bool Record(int iteration);

  size_t k_;
  double q_;
  double cap_;
  bool capped_;
  std::vector<double> prior_;
  std::vector<double> gain_;  // g
  // As the steps leave it (each takes off its share), not measured again: what
  // rounding does to it would be multiplied by 1 / D. Likewise rm, which is 0.
  std::vector<double> rd_;
  Point at_;
  // Of the factored system: D, f and w by [y k + x]; unknowns dlambda, dm, v,
  // each taken times the root of its diagonal entry.
  std::vector<double> d_, f_, w_;
  DenseLu system_;
  std::vector<double> scale_;
  std::vector<double> right_;
  StaircaseSolution best_;
};

InteriorPoint::InteriorPoint(const StaircaseProgram& program)
    : k_(static_cast<size_t>(program.utilities.k)),
      q_(std::exp(-program.epsilon)),
      cap_(program.cap),
      capped_(program.cap < 1),
      prior_(program.prior),
      gain_(k_ * k_),
      rd_(k_ * k_),
      at_(k_),
      d_(k_ * k_),
      f_(k_ * k_),
      w_(k_ * k_),
      system_(capped_ ? 3 * k_ : 2 * k_),
      scale_(capped_ ? 3 * k_ : 2 * k_),
      right_(scale_.size()) {
  for (size_t x = 0; x < k_; ++x) {
    for (size_t y = 0; y < k_; ++y) {
      gain_[y * k_ + x] = prior_[x] * program.utilities.values[x * k_ + y];
    }
  }
  best_.bound = HUGE_VAL;
}

// The uniform channel with m in the middle, all products equal.
void InteriorPoint::Start() {
  const double uniform = 1 / static_cast<double>(k_);
  const double slack = 0.5 * (1 - q_) * uniform;
  std::fill(at_.m.begin(), at_.m.end(), 0.5 * (1 + q_) * uniform);
  std::fill(at_.a.begin(), at_.a.end(), slack);
  std::fill(at_.b.begin(), at_.b.end(), slack);
  std::fill(at_.alpha.begin(), at_.alpha.end(), uniform / (1 - q_));
  std::fill(at_.beta.begin(), at_.beta.end(), uniform / (1 - q_));
  if (capped_) {
    std::fill(at_.c.begin(), at_.c.end(), cap_ - uniform);
    std::fill(at_.gamma.begin(), at_.gamma.end(),
              0.5 * uniform * uniform / (cap_ - uniform));
  }
  for (size_t x = 0; x < k_; ++x) {
    at_.lambda[x] = 0;
    for (size_t y = 0; y < k_; ++y) {
      at_.lambda[x] = std::max(at_.lambda[x], gain_[y * k_ + x]);
    }
    at_.lambda[x] += uniform;
    for (size_t y = 0; y < k_; ++y) {
      const size_t i = y * k_ + x;
      rd_[i] = gain_[i] - at_.lambda[x] + at_.alpha[i] - q_ * at_.beta[i] -
               at_.gamma[y] * prior_[x];
    }
  }
}

double InteriorPoint::Centre() const {
  double sum = 0;
  for (size_t y = 0; y < k_; ++y) {
    for (size_t i = y * k_; i < (y + 1) * k_; ++i) {
      sum += at_.a[i] * at_.alpha[i] + at_.b[i] * at_.beta[i];
    }
    sum += at_.c[y] * at_.gamma[y];
  }
  return sum / static_cast<double>(2 * k_ * k_ + (capped_ ? k_ : 0));
}

// D, f and w of column y and its equations, not yet scaled; adds to those of
// dlambda.
void InteriorPoint::FillColumn(size_t y) {
  const size_t n = scale_.size();
  const auto matrix = system_.matrix();
  const size_t m = k_ + y;
  const size_t v = 2 * k_ + y;
  double r = 0;
  double s = 0;
  double t = 0;
  for (size_t x = 0; x < k_; ++x) {
    const size_t i = y * k_ + x;
    const double a = at_.alpha[i] / at_.a[i];
    const double b = at_.beta[i] / at_.b[i];
    d_[i] = a + q_ * q_ * b;
    f_[i] = (a + q_ * b) / d_[i];
    w_[i] = prior_[x] / d_[i];
    r += (1 - q_) * (1 - q_) * a * b / d_[i];
    s += f_[i] * prior_[x];
    t += w_[i] * prior_[x];
    matrix[x * n + x] += 1 / d_[i];
    matrix[x * n + m] = -f_[i];
    matrix[m * n + x] = f_[i];
    if (!capped_) continue;
    matrix[x * n + v] = w_[i];
    matrix[v * n + x] = w_[i];
  }
  matrix[m * n + m] = r;
  if (!capped_) return;
  matrix[m * n + v] = s;
  matrix[v * n + m] = -s;
  matrix[v * n + v] = at_.c[y] / at_.gamma[y] + t;
}

bool InteriorPoint::Factor() {
  system_.Clear();
  for (size_t y = 0; y < k_; ++y) FillColumn(y);
  const size_t n = scale_.size();
  const auto matrix = system_.matrix();
  for (size_t i = 0; i < n; ++i) scale_[i] = 1 / std::sqrt(matrix[i * n + i]);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) matrix[i * n + j] *= scale_[i] * scale_[j];
  }
  return system_.Factor();
}

// The equations' right sides from column y, and the step as it were without
// dlambda, dm and v.
void InteriorPoint::RightSide(size_t y, double target, const Point* predicted,
                              Point& step) {
  double rc = target - at_.c[y] * at_.gamma[y];
  if (predicted != nullptr) rc -= predicted->c[y] * predicted->gamma[y];
  const double drift = capped_ ? rc / at_.c[y] : 0;
  double of_f = 0;
  // With what rounding has put between c and the p.
  double of_w = at_.c[y] - cap_;
  for (size_t x = 0; x < k_; ++x) {
    const size_t i = y * k_ + x;
    double ra = target;
    double rb = target;
    if (predicted != nullptr) {
      ra -= predicted->a[i] * predicted->alpha[i];
      rb -= predicted->b[i] * predicted->beta[i];
    }
    ra /= at_.a[i];
    rb /= at_.b[i];
    const double h = rd_[i] + (ra - at_.alpha[i]) - q_ * (rb - at_.beta[i]) -
                     prior_[x] * drift;
    of_f += f_[i] * h + rb - ra;
    of_w += w_[i] * h + prior_[x] * P(i, y);
    right_[x] += P(i, y) + h / d_[i];
    step.a[i] = h / d_[i];
    step.b[i] = -q_ * h / d_[i];
    step.alpha[i] = ra - at_.alpha[i] - at_.alpha[i] / at_.a[i] * step.a[i];
    step.beta[i] = rb - at_.beta[i] - at_.beta[i] / at_.b[i] * step.b[i];
  }
  right_[k_ + y] = of_f;
  if (capped_) right_[2 * k_ + y] = of_w;
  step.lambda[y] = 0;
  step.m[y] = 0;
  step.c[y] = 0;
  step.gamma[y] = drift;
}

// Solves the system for right_ and adds the outcome to the step: dlambda, dm
// and v, and by them (h being in the step already) the slacks,
//   da = dp - dm = (h - dlambda - prior v + (1 - q) q B dm) / D,
//   db = dm - q dp = ((1 - q) A dm - q (h - dlambda - prior v)) / D,
//   dc = -v / C,
// and the duals' dalpha = ra / a - A da and so on: no differences of large
// numbers.
void InteriorPoint::AddSolution(Point& step) {
  for (size_t i = 0; i < right_.size(); ++i) right_[i] *= scale_[i];
  system_.Solve(right_);
  for (size_t i = 0; i < right_.size(); ++i) right_[i] *= scale_[i];
  for (size_t x = 0; x < k_; ++x) step.lambda[x] += right_[x];
  for (size_t y = 0; y < k_; ++y) {
    const double dm = right_[k_ + y];
    const double v = capped_ ? right_[2 * k_ + y] : 0;
    for (size_t x = 0; x < k_; ++x) {
      const size_t i = y * k_ + x;
      const double a = at_.alpha[i] / at_.a[i];
      const double b = at_.beta[i] / at_.b[i];
      const double r = -right_[x] - prior_[x] * v;
      const double da = (r + (1 - q_) * q_ * b * dm) / d_[i];
      const double db = ((1 - q_) * a * dm - q_ * r) / d_[i];
      step.a[i] += da;
      step.b[i] += db;
      step.alpha[i] -= a * da;
      step.beta[i] -= b * db;
    }
    step.m[y] += dm;
    if (!capped_) continue;
    step.c[y] -= v * at_.c[y] / at_.gamma[y];
    step.gamma[y] += v;
  }
}

// Once more with what rounding left of the equations: rows that sum to 1,
// caps, and sums of alpha and beta that are equal.
void InteriorPoint::Refine(Point& step) {
  std::fill(right_.begin(), right_.end(), -1.0);
  for (size_t y = 0; y < k_; ++y) {
    double balance = 0;
    double share = at_.c[y] + step.c[y] - cap_;
    for (size_t x = 0; x < k_; ++x) {
      const size_t i = y * k_ + x;
      const double p = P(i, y) + (step.m[y] + step.a[i]);
      right_[x] += p;
      share += prior_[x] * p;
      balance += step.beta[i] - step.alpha[i];
    }
    right_[k_ + y] = balance;
    if (capped_) right_[2 * k_ + y] = share;
  }
  AddSolution(step);
}

void InteriorPoint::Step(double target, const Point* predicted, Point& step) {
  std::fill(right_.begin(), right_.end(), -1.0);
  for (size_t y = 0; y < k_; ++y) RightSide(y, target, predicted, step);
  AddSolution(step);
  Refine(step);
}

// Shortens `length` so that value + length * change stays positive.
void Limit(double value, double change, double& length) {
  if (change < 0 && value + length * change < 0) length = -value / change;
}

std::pair<double, double> InteriorPoint::Lengths(const Point& step) const {
  double primal = 1 / kStep;
  double dual = 1 / kStep;
  for (size_t i = 0; i < k_ * k_; ++i) {
    Limit(at_.a[i], step.a[i], primal);
    Limit(at_.b[i], step.b[i], primal);
    Limit(at_.alpha[i], step.alpha[i], dual);
    Limit(at_.beta[i], step.beta[i], dual);
  }
  for (size_t y = 0; y < k_; ++y) {
    Limit(at_.c[y], step.c[y], primal);
    Limit(at_.gamma[y], step.gamma[y], dual);
  }
  return {kStep * primal, kStep * dual};
}

double InteriorPoint::CentreAfter(const Point& step, double primal,
                                  double dual) const {
  double sum = 0;
  for (size_t i = 0; i < k_ * k_; ++i) {
    sum +=
        (at_.a[i] + primal * step.a[i]) *
            (at_.alpha[i] + dual * step.alpha[i]) +
        (at_.b[i] + primal * step.b[i]) * (at_.beta[i] + dual * step.beta[i]);
  }
  for (size_t y = 0; y < k_; ++y) {
    sum +=
        (at_.c[y] + primal * step.c[y]) * (at_.gamma[y] + dual * step.gamma[y]);
  }
  return sum / static_cast<double>(2 * k_ * k_ + (capped_ ? k_ : 0));
}

void InteriorPoint::Move(const Point& step, double primal, double dual) {
  for (size_t i = 0; i < k_ * k_; ++i) {
    at_.a[i] += primal * step.a[i];
    at_.b[i] += primal * step.b[i];
    at_.alpha[i] += dual * step.alpha[i];
    at_.beta[i] += dual * step.beta[i];
    rd_[i] *= 1 - dual;
  }
  for (size_t y = 0; y < k_; ++y) {
    at_.m[y] += primal * step.m[y];
    at_.c[y] += primal * step.c[y];
    at_.gamma[y] += dual * step.gamma[y];
    at_.lambda[y] += dual * step.lambda[y];
  }
}

double InteriorPoint::ReducedCost(size_t y) const {
  double reduced = 0;
  for (size_t x = 0; x < k_; ++x) {
    const double t =
        gain_[y * k_ + x] - at_.gamma[y] * prior_[x] - at_.lambda[x];
    reduced += std::max(t, q_ * t);
  }
  return reduced;
}

bool InteriorPoint::Record(int iteration) {
  StaircaseSolution here;
  here.iterations = iteration;
  here.row_duals = at_.lambda;
  double worst = 0;
  for (size_t y = 0; y < k_; ++y) {
    worst = std::max(worst, ReducedCost(y));
    here.bound += at_.lambda[y] + cap_ * at_.gamma[y];
  }
  here.bound += static_cast<double>(k_) * worst;
  if (capped_) here.cap_duals = at_.gamma;
  here.probabilities.resize(k_ * k_);
  for (size_t x = 0; x < k_; ++x) {
    double sum = 0;
    for (size_t y = 0; y < k_; ++y) sum += P(y * k_ + x, y);
    if (!(std::abs(sum - 1) <= kRowError)) return false;
    for (size_t y = 0; y < k_; ++y) {
      const double p = P(y * k_ + x, y) / sum;
      here.probabilities[x * k_ + y] = p;
      here.value += gain_[y * k_ + x] * p;
    }
  }
  if (!(here.bound - here.value < best_.bound - best_.value)) return false;
  best_ = std::move(here);
  return true;
}

bool InteriorPoint::Run() {
  Start();
  Point predictor(k_);
  Point corrector(k_);
  int idle = 0;
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    idle = Record(iteration) ? 0 : idle + 1;
    if (best_.bound - best_.value <= kWantedGap || idle > 5) break;
    if (!Factor()) break;
    const double centre = Centre();
    Step(0, nullptr, predictor);
    const auto [primal, dual] = Lengths(predictor);
    const double ratio =
        CentreAfter(predictor, std::min(primal, 1.0), std::min(dual, 1.0)) /
        centre;
    Step(ratio * ratio * ratio * centre, &predictor, corrector);
    const auto [forward, dual_forward] = Lengths(corrector);
    Move(corrector, std::min(forward, 1.0), std::min(dual_forward, 1.0));
  }
  return best_.bound - best_.value <= kAcceptedGap;
}

}  // namespace

Result<StaircaseSolution> SolveStaircase(const StaircaseProgram& program) {
  InteriorPoint solver(program);
  if (!solver.Run()) {
    return Internal("the linear program of a cluster did not come to an end");
  }
  return solver.TakeBest();
}

}  // namespace cmif::privacy
