// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/scaled_mechanism.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "cmif/privacy/fill.h"
#include "cmif/privacy/rounding.h"

namespace cmif::privacy {
namespace {

// Calibration stops inside [0.999 eps, eps] and aims at its middle.
constexpr double kLowestShare = 0.999;
constexpr double kAimedShare = 0.9995;
constexpr int kMaxTrials = 32;
// 1 / b beyond this is far outside what eps <= 16 needs (about 17).
constexpr double kMaxInverseScale = 200.0;
// How far b is raised when rounding alone breaks the textbook's proof.
constexpr double kNudge = 1.0005;

ClusterTable MakeTable(const ScaledMechanism& mechanism,
                       const ClusterUtilities& utilities, double scale) {
  const auto k = static_cast<size_t>(utilities.k);
  ClusterTable table{std::vector<uint32_t>(k * k), scale, 0};
  std::vector<double> probabilities(k);
  for (size_t x = 0; x < k; ++x) {
    mechanism.Probabilities(utilities.Row(static_cast<int>(x)), scale,
                            probabilities);
    RoundToWeights(probabilities, std::span(table.weights).subspan(x * k, k));
  }
  return table;
}

// The table's loss in nats, in floating point: steers the search, decides
// nothing.
double ApproximateLoss(std::span<const uint32_t> weights, size_t k) {
  double worst = 1;
  for (size_t y = 0; y < k; ++y) {
    uint32_t low = weights[y];
    uint32_t high = weights[y];
    for (size_t x = 1; x < k; ++x) {
      low = std::min(low, weights[x * k + y]);
      high = std::max(high, weights[x * k + y]);
    }
    worst = std::max(worst, static_cast<double>(high) / low);
  }
  return std::log(worst);
}

// Finds the zero of g(s) = log(loss(e^s) / aim), which falls with s = log b at
// a slope near -1 for small eps: secant steps, kept inside the bracket (the
// Illinois rule is not needed: a step that leaves it becomes a bisection).
class ScaleSearch {
 public:
  ScaleSearch(double start, double aim) : next_(start), aim_(aim) {}

  double scale() const { return std::exp(next_); }
  bool exhausted() const { return high_ - low_ < 1e-13; }

  void Report(double loss) {
    const double g = std::log(std::max(loss, 1e-12) / aim_);
    const double here = next_;
    double slope = -1;
    if (reports_++ > 0 && last_ != here && last_g_ != g) {
      slope = std::min(-0.05, (g - last_g_) / (here - last_));
    }
    (g > 0 ? low_ : high_) = here;
    last_ = here;
    last_g_ = g;
    next_ = here + std::clamp(-g / slope, -2.0, 2.0);
    if (next_ <= low_ || next_ >= high_) next_ = 0.5 * (low_ + high_);
    next_ = std::max(next_, -std::log(kMaxInverseScale));
  }

 private:
  double next_;
  double aim_;
  double low_ = -std::numeric_limits<double>::infinity();  // loss above aim
  double high_ = std::numeric_limits<double>::infinity();  // loss within it
  double last_ = 0;
  double last_g_ = 0;
  int reports_ = 0;
};

std::optional<ClusterTable> Calibrated(const ScaledMechanism& mechanism,
                                       const ClusterUtilities& utilities,
                                       Epsilon epsilon) {
  const auto k = static_cast<size_t>(utilities.k);
  const double textbook = mechanism.TextbookScale(epsilon);
  // Measured: calibrated scales lie near 0.57 of the textbook's
  // (reference/privacy.md 5).
  ScaleSearch search(std::log(0.57 * textbook), kAimedShare * epsilon.value());
  std::optional<ClusterTable> best;
  for (int trial = 0; trial < kMaxTrials && !search.exhausted(); ++trial) {
    ClusterTable table = MakeTable(mechanism, utilities, search.scale());
    const double loss = ApproximateLoss(table.weights, k);
    if (loss <= epsilon.value() * (1 + 1e-9)) {
      auto certified = Certified(std::move(table), utilities.k, epsilon);
      if (certified && (!best || certified->loss_micro > best->loss_micro)) {
        best = *std::move(certified);
      }
      // loss_micro is rounded up.
      if (best && static_cast<double>(best->loss_micro) - 1 >=
                      kLowestShare * static_cast<double>(epsilon.micro())) {
        break;
      }
    }
    search.Report(loss);
  }
  return best;
}

}  // namespace

Result<ClusterTable> ScaledMechanism::Fill(const ClusterUtilities& utilities,
                                           const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  if (options.calibrate) {
    if (auto table = Calibrated(*this, utilities, options.epsilon)) {
      return *std::move(table);
    }
  }
  double scale = TextbookScale(options.epsilon);
  for (int trial = 0; trial < kMaxTrials; ++trial, scale *= kNudge) {
    auto table = Certified(MakeTable(*this, utilities, scale), utilities.k,
                           options.epsilon);
    if (table) return table;
  }
  return Internal("no table of a cluster could be certified");
}

}  // namespace cmif::privacy
