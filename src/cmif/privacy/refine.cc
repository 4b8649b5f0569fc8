// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/refine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

constexpr size_t kBlockWords = 768;  // between two applications of swaps
constexpr size_t kTaskWords = 48;    // a multiple of the kernel's rows
constexpr size_t kTried = 12;        // other clusters tried per word
constexpr float kLeastGain = 1e-4F;  // above the rounding of the scores
constexpr double kLeastSweepGain = 1e-4;
// In units of the objective. Measured on MiniLM and SmolLM2: swaps that only
// climb end 3 % lower in mean cosine; twice the heat costs time and adds none.
constexpr float kFirstTemperature = 2.0F;

struct Swap {
  float gain = 0;
  int32_t other = -1;  // the word to swap with
};

// An Exp(1) variable that is a fixed function of its arguments (splitmix64).
float FixedExponential(int32_t word, int sweep) {
  uint64_t z =
      (static_cast<uint64_t>(word) << 32) + static_cast<uint64_t>(sweep);
  z += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  z ^= z >> 31;
  return -std::log((static_cast<float>(z >> 40) + 1) / 16777217.0F);
}

// The kTried clusters of the highest score, best first, ties to the lower
// index; -1 where there are fewer.
std::array<int32_t, kTried> BestClusters(std::span<const float> scores,
                                         int32_t own) {
  std::array<int32_t, kTried> best;
  std::array<float, kTried> value;
  best.fill(-1);
  value.fill(-std::numeric_limits<float>::infinity());
  for (size_t c = 0; c < scores.size(); ++c) {
    if (scores[c] <= value[kTried - 1] || static_cast<int32_t>(c) == own) {
      continue;
    }
    size_t at = kTried - 1;
    for (; at > 0 && scores[c] > value[at - 1]; --at) {
      value[at] = value[at - 1];
      best[at] = best[at - 1];
    }
    value[at] = scores[c];
    best[at] = static_cast<int32_t>(c);
  }
  return best;
}

// With S the sum of a cluster's rows, swapping a of A with b of B changes
// |S_A|^2 + |S_B|^2 by
//   2 [ S_A.b - S_A.a + S_B.a - S_B.b + |a|^2 + |b|^2 - 2 a.b ],
// that is 2 [ (S_A - 2a).b + (S_B.a - S_A.a + |a|^2) + (|b|^2 - S_B.b) ]:
// one dot product per candidate b.
class Refiner {
 public:
  Refiner(const RowMatrix& rows, int threads, Clusters& clusters)
      : rows_(rows),
        threads_(threads),
        clusters_(clusters),
        cluster_of_(static_cast<size_t>(rows.rows), -1),
        own_(static_cast<size_t>(rows.rows), 0.0F),
        norm2_(static_cast<size_t>(rows.rows), 0.0F),
        sums_(clusters.size() * static_cast<size_t>(rows.width), 0.0F),
        packed_(clusters.size(), static_cast<size_t>(rows.width)) {
    for (size_t c = 0; c < clusters_.size(); ++c) {
      for (const int32_t id : clusters_[c]) {
        words_.push_back(id);
        cluster_of_[Index(id)] = static_cast<int32_t>(c);
        norm2_[Index(id)] = Dot(rows_.Row(id), rows_.Row(id));
      }
      Resum(c);
    }
    std::sort(words_.begin(), words_.end());
  }

  // One pass over all words; returns the gain of the objective. A word's best
  // swap is made if its gain is above -temperature * Exp(1), that is with
  // probability exp(gain / temperature) for a loss (simulated annealing,
  // Kirkpatrick et al. 1983); at temperature 0 if it is a gain.
  double Sweep(int sweep, float temperature,
               const std::function<void(double)>& progress) {
    sweep_ = sweep;
    temperature_ = temperature;
    double gain = 0;
    for (size_t begin = 0; begin < words_.size(); begin += kBlockWords) {
      const auto block = std::span(words_).subspan(
          begin, std::min(kBlockWords, words_.size() - begin));
      proposals_.assign(block.size(), Swap{});
      const size_t tasks = (block.size() + kTaskWords - 1) / kTaskWords;
      ParallelFor(tasks, threads_, [&](size_t task) {
        const size_t from = task * kTaskWords;
        const size_t count = std::min(kTaskWords, block.size() - from);
        Propose(block.subspan(from, count),
                std::span(proposals_).subspan(from, count));
      });
      for (size_t i = 0; i < block.size(); ++i) {
        if (proposals_[i].other >= 0) gain += Apply(block[i], proposals_[i]);
      }
      progress(static_cast<double>(begin + block.size()) /
               static_cast<double>(words_.size()));
    }
    return gain;
  }

  double Objective() const {
    double total = 0;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      total += Dot(Sum(c), Sum(c));
    }
    return total;
  }

 private:
  static size_t Index(int32_t id) { return static_cast<size_t>(id); }
  std::span<const float> Sum(size_t cluster) const {
    const auto width = static_cast<size_t>(rows_.width);
    return std::span(sums_).subspan(cluster * width, width);
  }

  float Threshold(int32_t word) const {
    if (temperature_ <= 0) return kLeastGain;
    return -temperature_ * FixedExponential(word, sweep_);
  }

  // The cluster's sum from its members, in order: nothing drifts.
  void Resum(size_t cluster) {
    const auto width = static_cast<size_t>(rows_.width);
    const auto sum = std::span(sums_).subspan(cluster * width, width);
    std::fill(sum.begin(), sum.end(), 0.0F);
    for (const int32_t id : clusters_[cluster]) {
      const auto row = rows_.Row(id);
      for (size_t k = 0; k < width; ++k) sum[k] += row[k];
    }
    packed_.Set(cluster, sum);
    for (const int32_t id : clusters_[cluster]) {
      own_[Index(id)] = Dot(rows_.Row(id), sum);
    }
  }

  // Reads the state, changes only `proposals`.
  void Propose(std::span<const int32_t> words,
               std::span<Swap> proposals) const {
    std::vector<const float*> pointers;
    for (const int32_t id : words) pointers.push_back(rows_.Row(id).data());
    const size_t stride = packed_.padded_columns();
    std::vector<float> scores(words.size() * stride);
    ScoreRows(pointers, packed_, scores);
    std::vector<float> direction(static_cast<size_t>(rows_.width));
    for (size_t i = 0; i < words.size(); ++i) {
      const auto row_scores =
          std::span<const float>(scores).subspan(i * stride, clusters_.size());
      proposals[i] = BestSwap(words[i], row_scores, direction);
    }
  }

  Swap BestSwap(int32_t a, std::span<const float> scores,
                std::span<float> direction) const {
    const int32_t own = cluster_of_[Index(a)];
    const auto row = rows_.Row(a);
    const auto sum = Sum(static_cast<size_t>(own));
    for (size_t k = 0; k < row.size(); ++k) direction[k] = sum[k] - 2 * row[k];
    Swap best;
    best.gain = Threshold(a);
    for (const int32_t c : BestClusters(scores, own)) {
      if (c < 0) break;
      const float base =
          scores[static_cast<size_t>(c)] - own_[Index(a)] + norm2_[Index(a)];
      for (const int32_t b : clusters_[static_cast<size_t>(c)]) {
        const float gain = 2 * (Dot(direction, rows_.Row(b)) + base +
                                norm2_[Index(b)] - own_[Index(b)]);
        if (gain > best.gain) best = {gain, b};
      }
    }
    return best;
  }

  // Swaps if the gain still holds after what the block has changed so far.
  double Apply(int32_t a, Swap proposal) {
    const int32_t b = proposal.other;
    const auto from = static_cast<size_t>(cluster_of_[Index(a)]);
    const auto to = static_cast<size_t>(cluster_of_[Index(b)]);
    if (from == to) return 0;
    const float gain =
        2 * (Dot(Sum(from), rows_.Row(b)) - own_[Index(a)] +
             Dot(Sum(to), rows_.Row(a)) - own_[Index(b)] + norm2_[Index(a)] +
             norm2_[Index(b)] - 2 * Dot(rows_.Row(a), rows_.Row(b)));
    if (gain <= Threshold(a)) return 0;
    std::replace(clusters_[from].begin(), clusters_[from].end(), a, b);
    std::replace(clusters_[to].begin(), clusters_[to].end(), b, a);
    std::swap(cluster_of_[Index(a)], cluster_of_[Index(b)]);
    Resum(from);
    Resum(to);
    return gain;
  }

  const RowMatrix& rows_;
  int threads_;
  Clusters& clusters_;
  std::vector<int32_t> words_;
  std::vector<int32_t> cluster_of_;
  std::vector<float> own_;    // S of the word's cluster . word
  std::vector<float> norm2_;  // 1, or 0 for zero rows
  std::vector<float> sums_;   // cluster x width
  PackedColumns packed_;      // the same
  std::vector<Swap> proposals_;
  int sweep_ = 0;
  float temperature_ = 0;
};

}  // namespace

void RefineBySwaps(const RowMatrix& rows, int sweeps, int threads,
                   Clusters& clusters, const ProgressFn& progress) {
  if (clusters.size() < 2) return;
  Refiner refiner(rows, threads, clusters);
  // The first half cools down, the second only climbs.
  const int cooling = sweeps / 2;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    const float heat = std::max(
        0.0F, 1.0F - static_cast<float>(sweep) / static_cast<float>(cooling));
    const double gain =
        refiner.Sweep(sweep, cooling > 0 ? kFirstTemperature * heat : 0.0F,
                      [&](double share) {
                        if (progress) progress((sweep + share) / sweeps);
                      });
    if (sweep >= cooling && gain <= kLeastSweepGain * refiner.Objective()) {
      break;
    }
  }
  for (auto& cluster : clusters) std::sort(cluster.begin(), cluster.end());
}

}  // namespace cmif::privacy
