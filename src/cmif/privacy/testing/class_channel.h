// SPDX-License-Identifier: Apache-2.0
// A small channel of two classes, and what its adjacencies are by definition.
#ifndef CMIF_PRIVACY_TESTING_CLASS_CHANNEL_H_
#define CMIF_PRIVACY_TESTING_CLASS_CHANNEL_H_

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "cmif/base/random.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/testing/eps.h"

namespace cmif::privacy::testing {

// Two classes: clusters {0..4}, {5..8}, {9} of class 3; {10, 11} of class 7.
inline ChannelDomain Domain() {
  return {
      .clustering = std::make_shared<const Clustering>(
          Clustering::Create(13, {{0, 1, 2, 3, 4}, {5, 6, 7, 8}, {9}, {10, 11}})
              .value()),
      .class_of_cluster = {3, 3, 3, 7}};
}

inline RowMatrix Rows() {
  InsecureSeededRandom random(11);
  std::vector<float> raw(size_t{13} * 6);
  for (float& value : raw) value = static_cast<float>(random.Next32() >> 8);
  return CentredUnitRows(13, 6, raw, {}).value();
}

inline Channel Build(Adjacency adjacency, double epsilon,
                     std::optional<Epsilon> epsilon_cluster = std::nullopt) {
  return BuildChannel({.epsilon = Eps(epsilon),
                       .adjacency = adjacency,
                       .epsilon_cluster = epsilon_cluster},
                      Domain(), Rows(), {}, 1)
      .value();
}

inline long double Weight(const Channel& channel, size_t cluster, size_t x,
                          size_t y) {
  const size_t k = channel.clustering().clusters()[cluster].size();
  return k == 1 ? 1.0L
                : channel.tables()[cluster].weights[x * k + y] / 4294967296.0L;
}

// P(y|x), for x and y of one class, written down from the definition of the
// adjacencies and not from the code under test.
inline long double Probability(const Channel& channel, int32_t x, int32_t y) {
  const Clustering& clustering = channel.clustering();
  const auto cx = static_cast<size_t>(clustering.cluster_of(x));
  const auto cy = static_cast<size_t>(clustering.cluster_of(y));
  const auto px = static_cast<size_t>(clustering.position_in_cluster(x));
  const auto py = static_cast<size_t>(clustering.position_in_cluster(y));
  if (channel.spec().adjacency == Adjacency::kCluster) {
    return cx == cy ? Weight(channel, cx, px, py) : 0.0L;
  }
  const ClassLevel& level =
      *std::ranges::find_if(channel.levels(), [&](const ClassLevel& one) {
        return std::ranges::count(one.clusters, cx) > 0;
      });
  if (channel.spec().adjacency == Adjacency::kTwoLevel) {
    const long double other = level.step / 4294967296.0L;
    const long double keep =
        1 - other * static_cast<long double>(level.clusters.size() - 1);
    if (cx == cy) return keep * Weight(channel, cx, px, py);
    const auto rep = static_cast<size_t>(channel.representatives()[cy]);
    return other * Weight(channel, cy, rep, py);
  }
  const long double each =
      std::ldexp(static_cast<long double>(level.step), -64);
  const long double rest = 1 - each * static_cast<long double>(level.words);
  return each + (cx == cy ? rest * Weight(channel, cx, px, py) : 0.0L);
}

}  // namespace cmif::privacy::testing

#endif  // CMIF_PRIVACY_TESTING_CLASS_CHANNEL_H_
