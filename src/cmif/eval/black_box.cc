// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/black_box.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cmif/eval/binomial.h"

namespace cmif::eval {
namespace {

constexpr uint64_t kMinDraws = 100;

// How often each output came; by position in the cluster.
using Counts = std::vector<uint64_t>;

struct Draws {
  Counts first;
  Counts second;
  uint64_t total = 0;  // per input
  uint64_t outside = 0;
};

Counts CountDraws(const privacy::Clustering& clustering, const DrawFn& draw,
                  int32_t id, uint64_t draws, RandomSource& random,
                  uint64_t& outside) {
  const int cluster = clustering.cluster_of(id);
  Counts counts(clustering.clusters()[static_cast<size_t>(cluster)].size(), 0);
  for (uint64_t i = 0; i < draws; ++i) {
    const int32_t output = draw(id, random);
    if (clustering.cluster_of(output) != cluster) {
      ++outside;
      continue;
    }
    ++counts[static_cast<size_t>(clustering.position_in_cluster(output))];
  }
  return counts;
}

Draws DrawPair(const privacy::Clustering& clustering, const DrawFn& draw,
               const WordPair& pair, uint64_t draws, RandomSource& random) {
  Draws result;
  result.total = draws;
  result.first =
      CountDraws(clustering, draw, pair.first, draws, random, result.outside);
  result.second =
      CountDraws(clustering, draw, pair.second, draws, random, result.outside);
  return result;
}

double Bound(uint64_t hits, uint64_t others, uint64_t draws, double alpha) {
  const double low = ClopperPearsonLower(hits, draws, alpha);
  const double high = ClopperPearsonUpper(others, draws, alpha);
  // Negated, so that a NaN says nothing.
  if (!(low > high) || !(high > 0)) return 0;
  return std::log(low / high);
}

struct Event {
  std::vector<size_t> outputs;
  double expected = -1;
};

// Of the sets "the n outputs with the largest ratio", the one whose bound
// would be largest if the held-out shares came again in `draws` draws.
Event BestEvent(const Counts& hits, const Counts& others, uint64_t held_out,
                uint64_t draws, double alpha) {
  std::vector<size_t> order(hits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto ratio = [&](size_t y) {
    return (static_cast<double>(hits[y]) + 0.5) /
           (static_cast<double>(others[y]) + 0.5);
  };
  std::ranges::stable_sort(order, std::ranges::greater(), ratio);
  const uint64_t factor = std::max<uint64_t>(draws / held_out, 1);
  Event best;
  uint64_t hit = 0;
  uint64_t other = 0;
  for (size_t n = 0; n < order.size(); ++n) {
    hit += hits[order[n]];
    other += others[order[n]];
    const double bound = Bound(std::min(hit * factor, draws),
                               std::min(other * factor, draws), draws, alpha);
    if (bound > best.expected) {
      best.expected = bound;
      best.outputs.assign(order.begin(),
                          order.begin() + static_cast<std::ptrdiff_t>(n) + 1);
    }
  }
  return best;
}

uint64_t Hits(const Counts& counts, const Event& event) {
  uint64_t sum = 0;
  for (const size_t y : event.outputs) sum += counts[y];
  return sum;
}

// Held-out draws choose the event, fresh ones count it.
PairBound AuditPair(const privacy::Clustering& clustering, const DrawFn& draw,
                    const WordPair& pair, uint64_t draws, double alpha,
                    RandomSource& random, uint64_t& outside) {
  const uint64_t held_out = std::max<uint64_t>(draws / 10, 1);
  const Draws first = DrawPair(clustering, draw, pair, held_out, random);
  const Event ahead =
      BestEvent(first.first, first.second, held_out, draws, alpha);
  const Event behind =
      BestEvent(first.second, first.first, held_out, draws, alpha);
  const bool swap = behind.expected > ahead.expected;
  const Event& event = swap ? behind : ahead;
  Draws fresh = DrawPair(clustering, draw, pair, draws, random);
  if (swap) std::swap(fresh.first, fresh.second);
  outside += first.outside + fresh.outside;
  PairBound bound{.pair = swap ? WordPair{pair.second, pair.first} : pair,
                  .outputs = static_cast<int>(event.outputs.size()),
                  .first_hits = Hits(fresh.first, event),
                  .second_hits = Hits(fresh.second, event)};
  bound.epsilon_lower =
      Bound(bound.first_hits, bound.second_hits, draws, alpha);
  return bound;
}

Result<void> CheckInput(const privacy::Clustering& clustering,
                        std::span<const WordPair> pairs,
                        const BlackBoxOptions& options) {
  if (pairs.empty()) return InvalidArgument("an audit needs at least one pair");
  if (options.draws < kMinDraws) {
    return InvalidArgument("an audit needs at least 100 draws an input");
  }
  if (!(options.alpha > 0 && options.alpha < 1)) {
    return InvalidArgument("alpha must be between 0 and 1");
  }
  for (const WordPair& pair : pairs) {
    const int cluster = clustering.cluster_of(pair.first);
    if (cluster < 0 || cluster != clustering.cluster_of(pair.second) ||
        pair.first == pair.second) {
      return InvalidArgument("a pair is two words of one cluster");
    }
  }
  return {};
}

// The pair of the cluster whose bound should be largest: its exact loss less
// 3 standard deviations of the logarithm of the two counts (delta method).
struct Candidate {
  WordPair pair;
  double expected = -1;
};

double Deviation(double p, double draws) {
  return std::sqrt((1 - p) / (p * draws));
}

Candidate BestPair(std::span<const uint32_t> weights,
                   std::span<const int32_t> ids, uint64_t draws) {
  constexpr double kDeviations = 3;
  const size_t k = ids.size();
  const auto n = static_cast<double>(draws);
  Candidate best;
  for (size_t y = 0; y < k; ++y) {
    size_t high = 0;
    size_t low = 0;
    for (size_t x = 1; x < k; ++x) {
      if (weights[x * k + y] > weights[high * k + y]) high = x;
      if (weights[x * k + y] < weights[low * k + y]) low = x;
    }
    if (high == low) low = high == 0 ? 1 : 0;  // a column of equal weights
    const double p = weights[high * k + y] * 0x1p-32;
    const double q = weights[low * k + y] * 0x1p-32;
    const double expected =
        std::log(p / q) - kDeviations * (Deviation(p, n) + Deviation(q, n));
    if (best.expected < 0 || expected > best.expected) {
      best = {{ids[high], ids[low]}, std::max(expected, 0.0)};
    }
  }
  return best;
}

}  // namespace

Result<BlackBoxAudit> AuditByDraws(const privacy::Clustering& clustering,
                                   const DrawFn& draw,
                                   std::span<const WordPair> pairs,
                                   const BlackBoxOptions& options,
                                   const ProgressFn& progress) {
  CMIF_TRY(CheckInput(clustering, pairs, options));
  const double alpha = options.alpha / (2 * static_cast<double>(pairs.size()));
  BlackBoxAudit audit{.draws = options.draws,
                      .alpha = options.alpha,
                      .insecure_seed = options.insecure_seed,
                      .pairs = {},
                      .epsilon_lower = 0,
                      .outside_cluster = 0};
  InsecureSeededRandom random(options.insecure_seed);
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (progress) {
      progress(static_cast<double>(i) / static_cast<double>(pairs.size()));
    }
    const PairBound bound = AuditPair(clustering, draw, pairs[i], options.draws,
                                      alpha, random, audit.outside_cluster);
    audit.epsilon_lower = std::max(audit.epsilon_lower, bound.epsilon_lower);
    audit.pairs.push_back(bound);
  }
  if (progress) progress(1);
  return audit;
}

std::vector<WordPair> ChoosePairs(const privacy::Channel& channel, int clusters,
                                  int random_pairs, uint64_t draws,
                                  InsecureSeededRandom& random) {
  const auto& all = channel.clustering().clusters();
  std::vector<Candidate> candidates;
  std::vector<size_t> usable;
  for (size_t c = 0; c < all.size(); ++c) {
    if (all[c].size() < 2) continue;
    usable.push_back(c);
    candidates.push_back(BestPair(channel.tables()[c].weights, all[c], draws));
  }
  std::vector<WordPair> pairs;
  if (usable.empty()) return pairs;
  std::ranges::stable_sort(candidates, std::ranges::greater(),
                           &Candidate::expected);
  const size_t take =
      std::min(candidates.size(), static_cast<size_t>(std::max(clusters, 0)));
  const size_t best = take - take / 2;
  for (size_t i = 0; i < take; ++i) {
    size_t pick = i;
    if (i >= best) {  // a random one of those not taken yet
      pick = i + random.Next32() % (candidates.size() - i);
      std::swap(candidates[i], candidates[pick]);
    }
    pairs.push_back(candidates[i].pair);
  }
  for (int i = 0; i < random_pairs; ++i) {
    const auto& ids = all[usable[random.Next32() % usable.size()]];
    const size_t x = random.Next32() % ids.size();
    const size_t other =
        (x + 1 + random.Next32() % (ids.size() - 1)) % ids.size();
    pairs.push_back({ids[x], ids[other]});
  }
  return pairs;
}

}  // namespace cmif::eval
