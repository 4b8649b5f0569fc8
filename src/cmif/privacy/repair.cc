// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/repair.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "cmif/privacy/cluster_size.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

constexpr int kSweeps = 8;  // of the few words of two clusters

class Repairer {
 public:
  Repairer(const RowMatrix& rows, int max_size, Clusters clusters)
      : rows_(rows), max_size_(max_size), clusters_(std::move(clusters)) {
    for (size_t c = 0; c < clusters_.size(); ++c) Resum(c);
  }

  Clusters Run() {
    while (true) {
      const size_t small = Smallest();
      if (small == kNone || clusters_[small].size() >= least_) break;
      const size_t near = Nearest(small);
      if (near == kNone) break;
      Join(small, near);
    }
    std::erase_if(clusters_, [](const auto& ids) { return ids.empty(); });
    return std::move(clusters_);
  }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  size_t Smallest() const {
    size_t best = kNone;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      if (clusters_[c].empty()) continue;
      if (best == kNone || clusters_[c].size() < clusters_[best].size()) {
        best = c;
      }
    }
    return best;
  }

  size_t Nearest(size_t cluster) const {
    size_t best = kNone;
    float best_score = 0;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      if (c == cluster || clusters_[c].empty()) continue;
      const float score =
          norms_[c] == 0 ? 0.0F : Dot(sums_[cluster], sums_[c]) / norms_[c];
      if (best == kNone || score > best_score) {
        best = c;
        best_score = score;
      }
    }
    return best;
  }

  // Leaves `from` empty; further parts of what is too large come last.
  void Join(size_t from, size_t to) {
    std::vector<int32_t> ids = std::exchange(clusters_[from], {});
    ids.insert(ids.end(), clusters_[to].begin(), clusters_[to].end());
    std::sort(ids.begin(), ids.end());
    if (ids.size() <= static_cast<size_t>(max_size_)) {
      clusters_[to] = std::move(ids);
    } else {
      Clusters parts = FillGreedily(rows_, ids, max_size_, 1, {});
      RefineBySwaps(rows_, kSweeps, 1, parts, {});
      clusters_[to] = std::move(parts[0]);
      for (size_t p = 1; p < parts.size(); ++p) {
        clusters_.push_back(std::move(parts[p]));
        Resum(clusters_.size() - 1);
      }
    }
    Resum(to);
  }

  void Resum(size_t cluster) {
    if (sums_.size() <= cluster) {
      sums_.resize(cluster + 1);
      norms_.resize(cluster + 1);
    }
    std::vector<float>& sum = sums_[cluster];
    sum.assign(static_cast<size_t>(rows_.width), 0.0F);
    for (const int32_t id : clusters_[cluster]) {
      const auto row = rows_.Row(id);
      for (size_t k = 0; k < row.size(); ++k) sum[k] += row[k];
    }
    norms_[cluster] = std::sqrt(Dot(sum, sum));
  }

  const RowMatrix& rows_;
  const int max_size_;
  const size_t least_ = MinClusterSize(max_size_);
  Clusters clusters_;
  std::vector<std::vector<float>> sums_;  // of rows, per cluster
  std::vector<float> norms_;              // of the sums
};

}  // namespace

Clusters RepairSmall(const RowMatrix& rows, int max_size, Clusters clusters) {
  return Repairer(rows, max_size, std::move(clusters)).Run();
}

}  // namespace cmif::privacy
