// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/pair_losses.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cmif/base/parallel.h"

namespace cmif::eval {
namespace {

// max_y ln p(y) / q(y); 0 for empty rows.
double LargestLogRatio(std::span<const double> p, std::span<const double> q) {
  double loss = 0;
  for (size_t y = 0; y < p.size(); ++y) {
    const double ratio = std::log(p[y] / q[y]);
    loss = y == 0 ? ratio : std::max(loss, ratio);
  }
  return loss;
}

double Sum(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// sum_y p^a q^(1-a) e^(-(a-1) loss), whose terms are at most p where no ratio
// p/q is above e^loss: nothing overflows.
double ScaledPowers(std::span<const double> p, std::span<const double> q,
                    double order, double loss) {
  double sum = 0;
  for (size_t y = 0; y < p.size(); ++y) {
    sum += p[y] * std::exp((order - 1) * (std::log(p[y] / q[y]) - loss));
  }
  return sum;
}

// What the words of one cluster have in common.
struct Part {
  // Of pairs within the cluster.
  double loss = 0;
  std::vector<uint64_t> counts;
  std::vector<double> loss_of_word;
  std::vector<double> sums;  // per order, the largest; scaled

  // Of pairs with words of other clusters: this word as x, and as x'.
  std::vector<double> as_first;
  std::vector<double> as_second;
  // Per order, the largest of what this word adds to the sum; scaled.
  std::vector<double> first_sums;
  std::vector<double> second_sums;
};

// The largest value of all clusters, and the largest without the first's.
struct TopTwo {
  double best = -INFINITY;
  double next = -INFINITY;
  size_t where = 0;
  void Add(double value, size_t cluster) {
    if (value > best) {
      next = std::exchange(best, value);
      where = cluster;
    } else {
      next = std::max(next, value);
    }
  }
  double Without(size_t cluster) const {
    return cluster == where ? next : best;
  }
};

class Measure {
 public:
  Measure(const DeployedRows& rows, const PairLossOptions& options)
      : rows_(rows), options_(options), parts_(rows.clusters().size()) {}

  PairLosses Run() {
    ParallelFor(parts_.size(),
                options_.threads > 0 ? options_.threads : HardwareThreads(),
                [&](size_t c) { parts_[c] = MakePart(c); });
    result_.counts.assign(Bins(), 0);
    result_.loss_of_id.assign(
        static_cast<size_t>(rows_.clustering().vocabulary_size()), 0);
    result_.divergences.assign(options_.orders.size(), 0);
    for (const Group& group : rows_.groups()) {
      AddWithin(group);
      if (group.clusters.size() > 1) AddAcross(group);
    }
    return std::move(result_);
  }

 private:
  size_t Bins() const { return static_cast<size_t>(options_.bins); }
  size_t BinOf(double loss) const {
    const auto bin =
        static_cast<size_t>(std::max(loss, 0.0) / options_.bin_width);
    return std::min(bin, Bins() - 1);
  }
  double LossOf(size_t cluster) const {
    return rows_.groups()[rows_.clusters()[cluster].group].loss;
  }

  Part MakePart(size_t c) const {
    const DeployedRows::Cluster& cluster = rows_.clusters()[c];
    const size_t k = cluster.ids.size();
    Part part;
    part.counts.assign(Bins(), 0);
    part.loss_of_word.assign(k, 0);
    part.sums.assign(options_.orders.size(), 0);
    for (size_t x = 0; x < k; ++x) {
      for (size_t other = 0; other < k; ++other) {
        if (x != other) AddPair(c, x, other, part);
      }
    }
    if (cluster.outside.empty()) return part;
    part.first_sums.assign(options_.orders.size(), -INFINITY);
    part.second_sums.assign(options_.orders.size(), -INFINITY);
    for (size_t x = 0; x < k; ++x) AddWord(c, x, part);
    return part;
  }

  void AddPair(size_t c, size_t x, size_t other, Part& part) const {
    const DeployedRows::Cluster& cluster = rows_.clusters()[c];
    const auto p = cluster.Row(x);
    const auto q = cluster.Row(other);
    const double loss = std::max(LargestLogRatio(p, q), 0.0);
    ++part.counts[BinOf(loss)];
    for (const size_t word : {x, other}) {
      part.loss_of_word[word] = std::max(part.loss_of_word[word], loss);
    }
    part.loss = std::max(part.loss, loss);
    const double elsewhere = std::max(1 - Sum(p), 0.0);  // equal for both
    for (size_t i = 0; i < options_.orders.size(); ++i) {
      const double order = options_.orders[i];
      part.sums[i] = std::max(
          part.sums[i],
          ScaledPowers(p, q, order, LossOf(c)) +
              (cluster.outside.empty() ? 0 : Scaled(elsewhere, order, c)));
    }
  }

  // `mass` x e^(-(order - 1) loss of the group).
  double Scaled(double mass, double order, size_t c) const {
    return mass * std::exp(-(order - 1) * LossOf(c));
  }

  void AddWord(size_t c, size_t x, Part& part) const {
    const DeployedRows::Cluster& cluster = rows_.clusters()[c];
    const auto own = cluster.Row(x);
    part.as_first.push_back(LargestLogRatio(own, cluster.outside));
    part.as_second.push_back(LargestLogRatio(cluster.outside, own));
    for (size_t i = 0; i < options_.orders.size(); ++i) {
      const double order = options_.orders[i];
      const double first =
          ScaledPowers(own, cluster.outside, order, LossOf(c)) -
          Scaled(Sum(own), order, c);
      const double second =
          ScaledPowers(cluster.outside, own, order, LossOf(c)) -
          Scaled(Sum(cluster.outside), order, c);
      part.first_sums[i] = std::max(part.first_sums[i], first);
      part.second_sums[i] = std::max(part.second_sums[i], second);
    }
  }

  void AddDivergence(size_t i, double scaled_sum, double loss) {
    const double order = options_.orders[i];
    const double divergence = loss + std::log(scaled_sum) / (order - 1);
    result_.divergences[i] = std::max(result_.divergences[i], divergence);
  }

  void AddWithin(const Group& group) {
    for (const int32_t index : group.clusters) {
      const auto c = static_cast<size_t>(index);
      const Part& part = parts_[c];
      result_.largest = std::max(result_.largest, part.loss);
      for (size_t b = 0; b < Bins(); ++b) result_.counts[b] += part.counts[b];
      const auto ids = rows_.clusters()[c].ids;
      for (size_t x = 0; x < ids.size(); ++x) {
        result_.loss_of_id[static_cast<size_t>(ids[x])] = part.loss_of_word[x];
      }
      if (ids.size() < 2) continue;
      for (size_t i = 0; i < options_.orders.size(); ++i) {
        AddDivergence(i, part.sums[i], group.loss);
      }
    }
  }

  // Pairs of words of different clusters.
  void AddAcross(const Group& group) {
    TopTwo first;
    TopTwo second;
    for (const int32_t index : group.clusters) {
      const auto c = static_cast<size_t>(index);
      first.Add(std::ranges::max(parts_[c].as_first), c);
      second.Add(std::ranges::max(parts_[c].as_second), c);
    }
    result_.largest = std::max({result_.largest, first.best, second.best});
    for (const int32_t index : group.clusters) {
      const auto c = static_cast<size_t>(index);
      const auto ids = rows_.clusters()[c].ids;
      for (size_t x = 0; x < ids.size(); ++x) {
        double& loss = result_.loss_of_id[static_cast<size_t>(ids[x])];
        loss = std::max({loss, parts_[c].as_first[x], parts_[c].as_second[x],
                         first.Without(c), second.Without(c)});
      }
    }
    CountAcross(group);
    for (size_t i = 0; i < options_.orders.size(); ++i) {
      AddDivergenceAcross(group, i);
    }
  }

  // max over c != c' of what x of c and x' of c' add, and the outputs of all
  // other clusters, which have one probability under both.
  void AddDivergenceAcross(const Group& group, size_t i) {
    TopTwo second;
    for (const int32_t c : group.clusters) {
      second.Add(parts_[static_cast<size_t>(c)].second_sums[i],
                 static_cast<size_t>(c));
    }
    const auto any = static_cast<size_t>(group.clusters[0]);
    for (const int32_t index : group.clusters) {
      const auto c = static_cast<size_t>(index);
      AddDivergence(i,
                    parts_[c].first_sums[i] + second.Without(c) +
                        Scaled(1, options_.orders[i], any),
                    group.loss);
    }
  }

  // The bin of max(a, b) is the larger bin of both: how many pairs are in it
  // follows from how many words have their own share in each bin.
  void CountAcross(const Group& group) {
    std::vector<uint64_t> all_first(Bins(), 0);
    std::vector<uint64_t> all_second(Bins(), 0);
    for (const int32_t index : group.clusters) {
      const Part& part = parts_[static_cast<size_t>(index)];
      std::vector<uint64_t> first(Bins(), 0);
      std::vector<uint64_t> second(Bins(), 0);
      for (const double loss : part.as_first) ++first[BinOf(loss)];
      for (const double loss : part.as_second) ++second[BinOf(loss)];
      for (size_t b = 0; b < Bins(); ++b) {
        all_first[b] += first[b];
        all_second[b] += second[b];
      }
      const auto own = PairsInBins(first, second);
      for (size_t b = 0; b < Bins(); ++b) result_.counts[b] -= own[b];
    }
    const auto all = PairsInBins(all_first, all_second);
    for (size_t b = 0; b < Bins(); ++b) result_.counts[b] += all[b];
  }

  static std::vector<uint64_t> PairsInBins(std::span<const uint64_t> first,
                                           std::span<const uint64_t> second) {
    std::vector<uint64_t> pairs;
    uint64_t firsts = 0;
    uint64_t seconds = 0;
    for (size_t b = 0; b < first.size(); ++b) {
      const uint64_t before = firsts * seconds;
      firsts += first[b];
      seconds += second[b];
      pairs.push_back(firsts * seconds - before);
    }
    return pairs;
  }

  const DeployedRows& rows_;
  const PairLossOptions& options_;
  std::vector<Part> parts_;
  PairLosses result_;
};

}  // namespace

PairLosses LossesOfPairs(const DeployedRows& rows,
                         const PairLossOptions& options) {
  return Measure(rows, options).Run();
}

}  // namespace cmif::eval
