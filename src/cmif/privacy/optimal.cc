// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/optimal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "cmif/privacy/certify.h"
#include "cmif/privacy/fill.h"
#include "cmif/privacy/staircase_program.h"

namespace cmif::privacy {
namespace {

// How far inside eps the program is solved, in nats; four times more at each
// further trial.
constexpr double kMargin = 4e-6;
constexpr int kTrials = 6;

// The integers that a column's weights may take: any two within e^eps.
struct Band {
  int64_t low;
  int64_t high;
};

// Around the column's least value, with a third of the margin below it. Up to
// the next integer: where the least is small, one unit is worth e^eps of high.
Band BandOf(std::span<const double> values, double epsilon, double margin) {
  const double least = *std::ranges::min_element(values);
  const auto low = std::max<int64_t>(
      1, static_cast<int64_t>(std::ceil(least * (1 - margin / 3))));
  const double high =
      std::floor(static_cast<double>(low) * std::exp(epsilon) * (1 - 1e-14));
  return {low, std::max(low, static_cast<int64_t>(high))};
}

// Moves what the row's sum lacks (or has too much) to columns that have room,
// most room first. False if there is not enough.
bool FixSum(std::span<int64_t> row, std::span<const Band> bands) {
  int64_t missing = static_cast<int64_t>(kRowSum);
  for (const int64_t weight : row) missing -= weight;
  while (missing != 0) {
    size_t best = 0;
    int64_t most = 0;
    for (size_t y = 0; y < row.size(); ++y) {
      const int64_t room =
          missing > 0 ? bands[y].high - row[y] : row[y] - bands[y].low;
      if (room <= most) continue;
      most = room;
      best = y;
    }
    if (most == 0) return false;
    const int64_t step = std::min(most, std::abs(missing));
    row[best] += missing > 0 ? step : -step;
    missing += missing > 0 ? -step : step;
  }
  return true;
}

// Integers near the solution that keep every column within its band; empty if
// the margin is too small for that.
std::vector<uint32_t> RoundInside(std::span<const double> probabilities,
                                  size_t k, double epsilon, double margin) {
  std::vector<Band> bands(k);
  std::vector<double> column(k);
  for (size_t y = 0; y < k; ++y) {
    for (size_t x = 0; x < k; ++x) {
      column[x] = probabilities[x * k + y] * static_cast<double>(kRowSum);
    }
    bands[y] = BandOf(column, epsilon, margin);
  }
  std::vector<uint32_t> weights;
  weights.reserve(k * k);
  std::vector<int64_t> row(k);
  for (size_t x = 0; x < k; ++x) {
    for (size_t y = 0; y < k; ++y) {
      row[y] = std::clamp<int64_t>(
          std::llround(probabilities[x * k + y] * static_cast<double>(kRowSum)),
          bands[y].low, bands[y].high);
    }
    if (!FixSum(row, bands)) return {};
    weights.insert(weights.end(), row.begin(), row.end());
  }
  return weights;
}

StaircaseProgram ProgramOf(const ClusterUtilities& utilities,
                           const FillOptions& options, double margin) {
  const auto k = static_cast<size_t>(utilities.k);
  StaircaseProgram program;
  program.utilities = utilities;
  program.prior = NormalisedPrior(k, options.prior);
  program.epsilon = options.epsilon.value() - margin;
  if (options.hub_cap && k > 2) {
    program.cap = 2.0 / static_cast<double>(k) * (1 - margin);
  }
  return program;
}

}  // namespace

Result<ClusterTable> Optimal::Fill(const ClusterUtilities& utilities,
                                   const FillOptions& options) const {
  CMIF_TRY(CheckFill(utilities, options));
  const auto k = static_cast<size_t>(utilities.k);
  if (!utilities.HasSpread()) return UniformTable(k);
  const double epsilon = options.epsilon.value();
  double margin = std::min(kMargin, epsilon / 100);
  for (int trial = 0; trial < kTrials; ++trial, margin *= 4) {
    const double used = std::min(margin, epsilon / 2);
    CMIF_ASSIGN(const StaircaseSolution solution,
                SolveStaircase(ProgramOf(utilities, options, used)));
    ClusterTable table;
    table.weights = RoundInside(solution.probabilities, k, epsilon, used);
    if (table.weights.empty()) continue;
    auto certified = Certified(std::move(table), utilities.k, options.epsilon);
    if (certified) return certified;
  }
  return Internal("the optimal table of a cluster could not be certified");
}

}  // namespace cmif::privacy
