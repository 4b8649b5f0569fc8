// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/black_box.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cmif/eval/binomial.h"

namespace cmif::eval {
namespace {

constexpr uint64_t kMinDraws = 100;

// How often each output came: by position in the first word's cluster, behind
// them by position in the second's where that is another, last all others of
// the group.
using Counts = std::vector<uint64_t>;

struct Draws {
  Counts first;
  Counts second;
  uint64_t outside = 0;  // of the group
};

// Where an output of one pair is counted.
class Places {
 public:
  Places(const DeployedRows& rows, const WordPair& pair)
      : rows_(rows),
        group_(rows.GroupOf(pair.first)),
        first_(rows.clustering().cluster_of(pair.first)),
        second_(rows.clustering().cluster_of(pair.second)) {}

  size_t size() const {
    return SizeOf(first_) + (second_ == first_ ? 0 : SizeOf(second_)) + 1;
  }
  // size() for what is not of the group.
  size_t Of(int32_t output) const {
    const int cluster = rows_.clustering().cluster_of(output);
    const auto position =
        static_cast<size_t>(rows_.clustering().position_in_cluster(output));
    if (cluster == first_) return position;
    if (cluster == second_) return SizeOf(first_) + position;
    return rows_.GroupOf(output) == group_ ? size() - 1 : size();
  }

 private:
  size_t SizeOf(int cluster) const {
    return rows_.clusters()[static_cast<size_t>(cluster)].ids.size();
  }
  const DeployedRows& rows_;
  int group_;
  int first_;
  int second_;
};

Counts CountDraws(const Places& places, const DrawFn& draw, int32_t id,
                  uint64_t draws, RandomSource& random, uint64_t& outside) {
  Counts counts(places.size(), 0);
  for (uint64_t i = 0; i < draws; ++i) {
    const size_t place = places.Of(draw(id, random));
    if (place == places.size()) {
      ++outside;
    } else {
      ++counts[place];
    }
  }
  return counts;
}

Draws DrawPair(const Places& places, const DrawFn& draw, const WordPair& pair,
               uint64_t draws, RandomSource& random) {
  Draws result;
  result.first =
      CountDraws(places, draw, pair.first, draws, random, result.outside);
  result.second =
      CountDraws(places, draw, pair.second, draws, random, result.outside);
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
PairBound AuditPair(const DeployedRows& rows, const DrawFn& draw,
                    const WordPair& pair, uint64_t draws, double alpha,
                    RandomSource& random, uint64_t& outside) {
  const Places places(rows, pair);
  const uint64_t held_out = std::max<uint64_t>(draws / 10, 1);
  const Draws first = DrawPair(places, draw, pair, held_out, random);
  const Event ahead =
      BestEvent(first.first, first.second, held_out, draws, alpha);
  const Event behind =
      BestEvent(first.second, first.first, held_out, draws, alpha);
  const bool swap = behind.expected > ahead.expected;
  const Event& event = swap ? behind : ahead;
  Draws fresh = DrawPair(places, draw, pair, draws, random);
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

Result<void> CheckInput(const DeployedRows& rows,
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
    const int group = rows.GroupOf(pair.first);
    if (group < 0 || group != rows.GroupOf(pair.second) ||
        pair.first == pair.second) {
      return InvalidArgument("a pair is two words of one cluster or class");
    }
  }
  return {};
}

}  // namespace

Result<BlackBoxAudit> AuditByDraws(const DeployedRows& rows, const DrawFn& draw,
                                   std::span<const WordPair> pairs,
                                   const BlackBoxOptions& options,
                                   const ProgressFn& progress) {
  CMIF_TRY(CheckInput(rows, pairs, options));
  const double alpha = options.alpha / (2 * static_cast<double>(pairs.size()));
  BlackBoxAudit audit{.draws = options.draws,
                      .alpha = options.alpha,
                      .insecure_seed = options.insecure_seed,
                      .pairs = {},
                      .epsilon_lower = 0,
                      .outside_group = 0};
  InsecureSeededRandom random(options.insecure_seed);
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (progress) {
      progress(static_cast<double>(i) / static_cast<double>(pairs.size()));
    }
    const PairBound bound = AuditPair(rows, draw, pairs[i], options.draws,
                                      alpha, random, audit.outside_group);
    audit.epsilon_lower = std::max(audit.epsilon_lower, bound.epsilon_lower);
    audit.pairs.push_back(bound);
  }
  if (progress) progress(1);
  return audit;
}

}  // namespace cmif::eval
