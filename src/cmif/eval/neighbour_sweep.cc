// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/neighbour_sweep.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "cmif/privacy/neighbours.h"
#include "cmif/privacy/rnm_exponential.h"
#include "cmif/privacy/rnm_gumbel.h"
#include "cmif/privacy/rnm_laplace.h"

namespace cmif::eval {
namespace {

using privacy::UncheckedNeighbours;

constexpr double kNone = std::numeric_limits<double>::infinity();

// P(y|x) of each word of x's list.
std::vector<double> Row(const UncheckedNeighbours& lists, int32_t id,
                        const privacy::ScaledMechanism& mechanism,
                        privacy::Epsilon epsilon) {
  const size_t k = lists.List(id).size();
  std::vector<double> row(k, 1.0);
  const auto weights = lists.Weights(id, mechanism, epsilon);
  for (size_t i = 0; i < weights.size(); ++i) row[i] = weights[i] * 0x1p-32;
  return row;
}

template <typename Value>
double Mean(std::span<const double> row, std::span<const Value> values) {
  return std::inner_product(row.begin(), row.end(), values.begin(), 0.0);
}

SweepPoint Point(const UncheckedNeighbours& lists, double words,
                 const privacy::ScaledMechanism& mechanism,
                 privacy::Epsilon epsilon, int threads) {
  std::vector<std::vector<double>> rows(lists.vocabulary_size());
  ParallelFor(
      rows.size(), threads > 0 ? threads : HardwareThreads(), [&](size_t id) {
        rows[id] = Row(lists, static_cast<int32_t>(id), mechanism, epsilon);
      });
  SweepPoint point{.mechanism = std::string(mechanism.name()) + ", neighbours",
                   .epsilon = epsilon.value(),
                   .epsilon_star = kNone,
                   .document_epsilon = kNone,
                   .document_epsilon_mean = kNone,
                   .bound = 1};
  std::vector<double> most(rows.size(), 0.0);  // max_x P(y|x)
  for (size_t id = 0; id < rows.size(); ++id) {
    const auto x = static_cast<int32_t>(id);
    const auto list = lists.List(x);
    if (list.empty()) continue;
    point.keep += rows[id][0] / words;
    point.mean_cosine += Mean(std::span(rows[id]), lists.Cosines(x)) / words;
    point.mean_utility += Mean(std::span(rows[id]), lists.Utilities(x)) / words;
    for (size_t i = 0; i < list.size(); ++i) {
      double& best = most[static_cast<size_t>(list[i])];
      best = std::max(best, rows[id][i]);
    }
  }
  point.bayes_success = std::accumulate(most.begin(), most.end(), 0.0) / words;
  return point;
}

}  // namespace

Result<NeighbourSweep> SweepNeighbours(const privacy::RowMatrix& rows,
                                       std::span<const int32_t> class_of,
                                       const NeighbourOptions& options,
                                       const ProgressFn& progress) {
  std::vector<privacy::Epsilon> epsilons;
  for (const double value : options.epsilons) {
    CMIF_ASSIGN(const privacy::Epsilon epsilon,
                privacy::Epsilon::Create(value));
    epsilons.push_back(epsilon);
  }
  CMIF_ASSIGN(const UncheckedNeighbours lists,
              UncheckedNeighbours::Create(rows, class_of, options.size,
                                          options.threads, progress));
  NeighbourSweep sweep{.size = options.size,
                       .words = 0,
                       .pairs = lists.Pairs(),
                       .one_way_pairs = lists.OneWayPairs(),
                       .points = {}};
  sweep.words = static_cast<size_t>(
      std::ranges::count_if(class_of, [](int32_t c) { return c >= 0; }));
  if (sweep.words == 0) return InvalidArgument("no word is in a class");
  const privacy::RnmLaplace laplace;
  const privacy::RnmExponential exponential;
  const privacy::RnmGumbel gumbel;
  const privacy::ScaledMechanism* const mechanisms[] = {&laplace, &exponential,
                                                        &gumbel};
  for (const auto* const mechanism : mechanisms) {
    for (const privacy::Epsilon epsilon : epsilons) {
      sweep.points.push_back(Point(lists, static_cast<double>(sweep.words),
                                   *mechanism, epsilon, options.threads));
    }
  }
  return sweep;
}

}  // namespace cmif::eval
