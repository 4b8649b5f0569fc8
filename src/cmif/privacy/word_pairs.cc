// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/word_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "cmif/privacy/refine.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

constexpr int kRounds = 10;
// Clusters tried together; the best swap into any of them is made.
constexpr size_t kTried = 12;

using Others = std::vector<std::vector<int32_t>>;  // id -> its partners

Result<Others> PartnersOf(int size, std::span<const IdPair> pairs) {
  Others partners(static_cast<size_t>(size));
  for (const auto& [a, b] : pairs) {
    if (a < 0 || b < 0 || a >= size || b >= size) {
      return InvalidArgument(
          fmt::format("a pair has an id outside the vocabulary of {}", size));
    }
    if (a == b) continue;
    partners[static_cast<size_t>(a)].push_back(b);
    partners[static_cast<size_t>(b)].push_back(a);
  }
  for (auto& list : partners) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return partners;
}

void Normalise(std::span<float> row) {
  const float norm = std::sqrt(Dot(row, row));
  if (norm == 0) return;
  for (float& value : row) value /= norm;
}

class Separator {
 public:
  Separator(const RowMatrix& rows, std::span<const int32_t> class_of,
            const Others& antonyms, Clusters clusters)
      : rows_(rows),
        class_of_(class_of),
        antonyms_(antonyms),
        clusters_(std::move(clusters)),
        cluster_of_(static_cast<size_t>(rows.rows), -1),
        sums_(clusters_.size()) {
    for (size_t c = 0; c < clusters_.size(); ++c) {
      for (const int32_t id : clusters_[c]) {
        cluster_of_[Index(id)] = static_cast<int32_t>(c);
      }
      Resum(c);
    }
  }

  Clusters Run() {
    for (int32_t a = 0; a < rows_.rows; ++a) {
      for (const int32_t b : antonyms_[Index(a)]) {
        if (a < b && Together(a, b)) Separate(a, b);
      }
    }
    for (auto& ids : clusters_) std::ranges::sort(ids);
    return std::move(clusters_);
  }

 private:
  struct Swap {
    int32_t out = -1;  // leaves the cluster of the pair
    int32_t in = -1;   // takes its place
    float gain = 0;    // of the objective
  };

  static size_t Index(int32_t id) { return static_cast<size_t>(id); }
  bool Together(int32_t a, int32_t b) const {
    return cluster_of_[Index(a)] >= 0 &&
           cluster_of_[Index(a)] == cluster_of_[Index(b)];
  }
  // Whether `word` meets an antonym in `cluster` when `leaving` is gone.
  bool Meets(int32_t word, int32_t cluster, int32_t leaving) const {
    return std::ranges::any_of(antonyms_[Index(word)], [&](int32_t other) {
      return other != leaving && cluster_of_[Index(other)] == cluster;
    });
  }

  // A swap takes at least one pair apart and joins none: the number of pairs
  // that share a cluster falls with each.
  void Separate(int32_t a, int32_t b) {
    const std::optional<Swap> one = BestSwap(a);
    const std::optional<Swap> two = BestSwap(b);
    if (one && (!two || one->gain >= two->gain)) {
      Apply(*one);
    } else if (two) {
      Apply(*two);
    }
  }

  // Clusters of the word's class but its own, the nearest centroid first.
  std::vector<int32_t> NearestClusters(int32_t word) const {
    const int32_t own = cluster_of_[Index(word)];
    const int32_t its_class = class_of_[Index(word)];
    std::vector<std::pair<float, int32_t>> scored;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      if (static_cast<int32_t>(c) == own ||
          class_of_[Index(clusters_[c][0])] != its_class) {
        continue;
      }
      const float score = Dot(sums_[c], rows_.Row(word)) /
                          static_cast<float>(clusters_[c].size());
      scored.emplace_back(-score, static_cast<int32_t>(c));
    }
    std::ranges::sort(scored);
    std::vector<int32_t> order;
    order.reserve(scored.size());
    for (const auto& [score, c] : scored) order.push_back(c);
    return order;
  }

  std::optional<Swap> BestSwap(int32_t word) const {
    std::optional<Swap> best;
    size_t tried = 0;
    for (const int32_t c : NearestClusters(word)) {
      if (tried++ % kTried == 0 && best) break;
      for (const int32_t other : clusters_[static_cast<size_t>(c)]) {
        if (Meets(word, c, other) ||
            Meets(other, cluster_of_[Index(word)], word)) {
          continue;
        }
        const float gain = Gain(word, other);
        if (!best || gain > best->gain) best = Swap{word, other, gain};
      }
    }
    return best;
  }

  // As in refine.cc: what swapping a of A with b of B adds to the objective.
  float Gain(int32_t a, int32_t b) const {
    const auto& from = sums_[static_cast<size_t>(cluster_of_[Index(a)])];
    const auto& to = sums_[static_cast<size_t>(cluster_of_[Index(b)])];
    const auto x = rows_.Row(a);
    const auto y = rows_.Row(b);
    return 2 * (Dot(from, y) - Dot(from, x) + Dot(to, x) - Dot(to, y) +
                Dot(x, x) + Dot(y, y) - 2 * Dot(x, y));
  }

  void Apply(const Swap& swap) {
    const auto from = static_cast<size_t>(cluster_of_[Index(swap.out)]);
    const auto to = static_cast<size_t>(cluster_of_[Index(swap.in)]);
    std::ranges::replace(clusters_[from], swap.out, swap.in);
    std::ranges::replace(clusters_[to], swap.in, swap.out);
    std::swap(cluster_of_[Index(swap.out)], cluster_of_[Index(swap.in)]);
    Resum(from);
    Resum(to);
  }

  void Resum(size_t cluster) {
    std::vector<float>& sum = sums_[cluster];
    sum.assign(static_cast<size_t>(rows_.width), 0.0F);
    for (const int32_t id : clusters_[cluster]) {
      const auto row = rows_.Row(id);
      for (size_t k = 0; k < row.size(); ++k) sum[k] += row[k];
    }
  }

  const RowMatrix& rows_;
  std::span<const int32_t> class_of_;
  const Others& antonyms_;
  Clusters clusters_;
  std::vector<int32_t> cluster_of_;
  std::vector<std::vector<float>> sums_;
};

}  // namespace

Result<RowMatrix> AttractSynonyms(const RowMatrix& rows,
                                  std::span<const IdPair> synonyms) {
  CMIF_ASSIGN(const Others partners, PartnersOf(rows.rows, synonyms));
  const auto width = static_cast<size_t>(rows.width);
  RowMatrix result = rows;
  const auto row_of = [&](size_t id) {
    return std::span(result.values).subspan(id * width, width);
  };
  for (int round = 0; round < kRounds; ++round) {
    for (size_t id = 0; id < partners.size(); ++id) {
      if (partners[id].empty()) continue;
      // q = (own + mean of partners) / 2, in place as in the paper.
      const auto own = rows.Row(static_cast<int32_t>(id));
      std::vector<float> sum(width, 0.0F);
      for (const int32_t other : partners[id]) {
        const auto row = result.Row(other);
        for (size_t k = 0; k < width; ++k) sum[k] += row[k];
      }
      const auto degree = static_cast<float>(partners[id].size());
      const auto row = row_of(id);
      for (size_t k = 0; k < width; ++k) {
        row[k] = (own[k] + sum[k] / degree) / 2;
      }
    }
  }
  for (size_t id = 0; id < partners.size(); ++id) {
    if (!partners[id].empty()) Normalise(row_of(id));
  }
  return result;
}

size_t PairsTogether(const Clustering& clustering,
                     std::span<const IdPair> pairs) {
  std::set<IdPair> together;
  for (const auto& [a, b] : pairs) {
    const int cluster = clustering.cluster_of(a);
    if (a != b && cluster >= 0 && cluster == clustering.cluster_of(b)) {
      together.emplace(std::min(a, b), std::max(a, b));
    }
  }
  return together.size();
}

Result<Clustering> SeparateAntonyms(const RowMatrix& rows,
                                    std::span<const int32_t> class_of,
                                    std::span<const IdPair> antonyms,
                                    const Clustering& clustering) {
  const int size = clustering.vocabulary_size();
  if (rows.rows != size || class_of.size() != static_cast<size_t>(size)) {
    return InvalidArgument(
        fmt::format("{} classes and {} rows for clusters of {} ids",
                    class_of.size(), rows.rows, size));
  }
  CMIF_ASSIGN(const Others partners, PartnersOf(size, antonyms));
  return Clustering::Create(
      size, Separator(rows, class_of, partners, clustering.clusters()).Run());
}

}  // namespace cmif::privacy
