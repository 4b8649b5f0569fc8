// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/choose_pairs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace cmif::eval {
namespace {

// A pair and the bound that its draws should give: the exact loss of an event
// less 3 standard deviations of the logarithm of the two counts (delta
// method).
struct Candidate {
  WordPair pair;
  double expected = -1;
};

double Expected(double p, double q, uint64_t draws) {
  constexpr double kDeviations = 3;
  const auto deviation = [&](double share) {
    const double rest = std::max(1 - share, 0.0);
    return std::sqrt(rest / (share * static_cast<double>(draws)));
  };
  return std::log(p / q) - kDeviations * (deviation(p) + deviation(q));
}

// The two words of a cluster that one of its outputs tells apart best.
Candidate BestWithin(const DeployedRows::Cluster& cluster, uint64_t draws) {
  const size_t k = cluster.ids.size();
  Candidate best;
  for (size_t y = 0; y < k; ++y) {
    size_t high = 0;
    size_t low = 0;
    for (size_t x = 1; x < k; ++x) {
      if (cluster.Row(x)[y] > cluster.Row(high)[y]) high = x;
      if (cluster.Row(x)[y] < cluster.Row(low)[y]) low = x;
    }
    if (high == low) low = high == 0 ? 1 : 0;  // a column of equal weights
    const double expected =
        Expected(cluster.Row(high)[y], cluster.Row(low)[y], draws);
    if (best.expected < 0 || expected > best.expected) {
      best = {{cluster.ids[high], cluster.ids[low]}, std::max(expected, 0.0)};
    }
  }
  return best;
}

// The word of a cluster that its outputs tell best from `stranger`, a word of
// another one; the events are sets of the outputs with the largest ratios.
Candidate BestAcross(const DeployedRows::Cluster& cluster, int32_t stranger,
                     uint64_t draws) {
  const size_t k = cluster.ids.size();
  Candidate best;
  std::vector<size_t> order(k);
  std::iota(order.begin(), order.end(), 0);
  for (size_t x = 0; x < k; ++x) {
    const auto own = cluster.Row(x);
    std::ranges::stable_sort(order, std::ranges::greater(), [&](size_t y) {
      return own[y] / cluster.outside[y];
    });
    double p = 0;
    double q = 0;
    for (const size_t y : order) {
      p += own[y];
      q += cluster.outside[y];
      const double expected = Expected(p, q, draws);
      if (best.expected < 0 || expected > best.expected) {
        best = {{cluster.ids[x], stranger}, std::max(expected, 0.0)};
      }
    }
  }
  return best;
}

std::vector<Candidate> Candidates(const DeployedRows& rows, uint64_t draws) {
  std::vector<Candidate> candidates;
  for (const Group& group : rows.groups()) {
    for (size_t i = 0; i < group.clusters.size(); ++i) {
      const auto cluster_at = [&](size_t place) -> const auto& {
        return rows.clusters()[static_cast<size_t>(
            group.clusters[place % group.clusters.size()])];
      };
      if (cluster_at(i).ids.size() > 1) {
        candidates.push_back(BestWithin(cluster_at(i), draws));
      }
      if (group.clusters.size() > 1) {
        candidates.push_back(
            BestAcross(cluster_at(i), cluster_at(i + 1).ids[0], draws));
      }
    }
  }
  std::ranges::stable_sort(candidates, std::ranges::greater(),
                           &Candidate::expected);
  return candidates;
}

}  // namespace

std::vector<WordPair> ChoosePairs(const DeployedRows& rows, int most,
                                  int random_pairs, uint64_t draws,
                                  InsecureSeededRandom& random) {
  std::vector<Candidate> candidates = Candidates(rows, draws);
  std::vector<WordPair> pairs;
  if (candidates.empty()) return pairs;
  const size_t take =
      std::min(candidates.size(), static_cast<size_t>(std::max(most, 0)));
  const size_t best = take - take / 2;
  for (size_t i = 0; i < take; ++i) {
    if (i >= best) {  // a random one of those not taken yet
      std::swap(candidates[i],
                candidates[i + random.Next32() % (candidates.size() - i)]);
    }
    pairs.push_back(candidates[i].pair);
  }
  std::vector<const Group*> usable;
  for (const Group& group : rows.groups()) {
    if (group.words > 1) usable.push_back(&group);
  }
  for (int i = 0; i < random_pairs; ++i) {
    const auto ids = rows.WordsOf(*usable[random.Next32() % usable.size()]);
    const size_t x = random.Next32() % ids.size();
    const size_t other =
        (x + 1 + random.Next32() % (ids.size() - 1)) % ids.size();
    pairs.push_back({ids[x], ids[other]});
  }
  return pairs;
}

}  // namespace cmif::eval
