// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/class_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

constexpr std::string_view kNames[] = {"cluster", "two-level", "mixture"};

// The weights with which one word y of a cluster of k comes out.
struct Column {
  uint64_t max;
  uint64_t min;
  uint64_t representative;
};

Column ColumnOf(const ClusterTable& table, size_t k, size_t y, size_t rep) {
  if (k == 1) return {kRowSum, kRowSum, kRowSum};
  Column column{0, kRowSum, table.weights[rep * k + y]};
  for (size_t x = 0; x < k; ++x) {
    const uint64_t weight = table.weights[x * k + y];
    column.max = std::max(column.max, weight);
    column.min = std::min(column.min, weight);
  }
  return column;
}

template <typename Visit>
void ForEachColumn(const ClassLevelInput& input, const ClassLevel& level,
                   const Visit& visit) {
  for (const int32_t c : level.clusters) {
    const auto index = static_cast<size_t>(c);
    const size_t k = input.clustering.clusters()[index].size();
    const auto rep = static_cast<size_t>(input.representatives[index]);
    for (size_t y = 0; y < k; ++y) {
      visit(ColumnOf(input.tables[index], k, y, rep));
    }
  }
}

ClassLevel StartLevel(const ClassLevelInput& input,
                      std::vector<int32_t> clusters) {
  ClassLevel level;
  level.clusters = std::move(clusters);
  for (const int32_t c : level.clusters) {
    const auto index = static_cast<size_t>(c);
    level.words += input.clustering.clusters()[index].size();
    level.loss_micro =
        std::max(level.loss_micro, input.tables[index].loss_micro);
  }
  return level;
}

// P(y|x) in units of 2^-64: keep w(y|x) for x of y's cluster, step w(y|rep)
// for all others.
uint64_t TwoLevelLoss(const ClassLevelInput& input, const ClassLevel& level) {
  const uint64_t others = level.clusters.size() - 1;
  const WideUint keep = kRowSum - others * level.step;
  uint64_t loss = level.loss_micro;
  ForEachColumn(input, level, [&](const Column& column) {
    const WideUint elsewhere = WideUint{level.step} * column.representative;
    loss = std::max(loss, RatioLossMicro(keep * column.max, elsewhere));
    loss = std::max(loss, RatioLossMicro(elsewhere, keep * column.min));
  });
  return loss;
}

// The largest weight with which any word of the class comes out.
uint64_t LargestWeight(const ClassLevelInput& input, const ClassLevel& level) {
  uint64_t largest = 0;
  ForEachColumn(input, level, [&](const Column& column) {
    largest = std::max(largest, column.max);
  });
  return largest;
}

// P(y|x) = step / 2^64 + rest w(y|x) / 2^96, where the second term is 0 for
// some x of another cluster: the worst ratio is that of the largest weight.
WideUint MixtureMax(const ClassLevel& level, uint64_t step, uint64_t largest) {
  const WideUint rest = (WideUint{1} << 64) - WideUint{level.words} * step;
  return (WideUint{step} << 32) + rest * largest;
}

}  // namespace

std::string_view AdjacencyName(Adjacency adjacency) {
  return kNames[static_cast<size_t>(adjacency)];
}

Result<Adjacency> ParseAdjacency(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) {
    return InvalidArgument(
        "there is no such adjacency; known: cluster, two-level, mixture");
  }
  return static_cast<Adjacency>(found - std::begin(kNames));
}

ClassStage StageOf(const ClassLevel& level, Adjacency adjacency) {
  const auto step = static_cast<double>(level.step);
  if (adjacency == Adjacency::kTwoLevel) {
    const uint64_t others = level.clusters.size() - 1;
    return {
        .keep = static_cast<double>(kRowSum - others * level.step) * 0x1p-32,
        .elsewhere = step * 0x1p-32};
  }
  const WideUint rest =
      (WideUint{1} << 64) - WideUint{level.words} * level.step;
  return {.keep = static_cast<double>(rest) * 0x1p-64,
          .any_word = step * 0x1p-64};
}

Result<ClassLevel> TwoLevel(const ClassLevelInput& input,
                            std::vector<int32_t> clusters, Epsilon epsilon,
                            Epsilon epsilon_cluster) {
  const uint64_t limit = epsilon.micro() + epsilon_cluster.micro();
  if (limit > kMaxEpsilonMicro) {
    return InvalidArgument(fmt::format(
        "the epsilon of clusters and that of words make {}, above 16",
        static_cast<double>(limit) / 1e6));
  }
  ClassLevel level = StartLevel(input, std::move(clusters));
  const uint64_t others = level.clusters.size() - 1;
  if (others == 0) return level;
  // keep = 2^32 - others step <= e^eps step.
  const double start =
      static_cast<double>(kRowSum) /
      (std::exp(epsilon_cluster.value()) + static_cast<double>(others));
  level.step = std::max<uint64_t>(1, static_cast<uint64_t>(start));
  const auto accepted = [&] {
    return RatioLossMicro(kRowSum - others * level.step, level.step) <=
               epsilon_cluster.micro() &&
           TwoLevelLoss(input, level) <= limit;
  };
  while (others * (level.step + 1) < kRowSum && !accepted()) {
    level.step += 1 + (level.step >> 24);
  }
  level.loss_micro = TwoLevelLoss(input, level);
  if (level.loss_micro > limit) {
    return Internal("no randomised response of clusters could be certified");
  }
  return level;
}

ClassLevel Mixture(const ClassLevelInput& input, std::vector<int32_t> clusters,
                   Epsilon epsilon) {
  ClassLevel level = StartLevel(input, std::move(clusters));
  if (level.clusters.size() == 1) return level;
  const uint64_t largest = LargestWeight(input, level);
  const auto loss = [&](uint64_t step) {
    return RatioLossMicro(MixtureMax(level, step, largest),
                          WideUint{step} << 32);
  };
  // The largest step leaves at most words - 1 of 2^64 to the tables: a ratio
  // of 1 + 2^-20 even for 2^22 words, within the least epsilon.
  uint64_t high = std::numeric_limits<uint64_t>::max() / level.words;
  uint64_t low = 0;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (loss(middle) <= epsilon.micro() ? high : low) = middle;
  }
  level.step = high;
  level.loss_micro = loss(high);
  return level;
}

}  // namespace cmif::privacy
