// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include "cmif/privacy/cluster_size.h"
#include "cmif/privacy/refine.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

// Rows scored by one task.
constexpr size_t kRowsPerTask = 384;
constexpr float kUnitTolerance = 1e-3F;

// |row|^2 / 2 of every row: |a - b|^2 / 2 = |a|^2 / 2 + |b|^2 / 2 - a . b.
// Empty if all of `ids` have unit or zero rows, where a . b is the cosine.
std::vector<float> HalfNorms(const RowMatrix& rows,
                             std::span<const int32_t> ids) {
  std::vector<float> half(static_cast<size_t>(rows.rows), 0.0F);
  bool all_unit = true;
  for (const int32_t id : ids) {
    const float norm2 = Dot(rows.Row(id), rows.Row(id));
    half[static_cast<size_t>(id)] = norm2 / 2;
    if (norm2 != 0 && std::abs(norm2 - 1) > kUnitTolerance) all_unit = false;
  }
  if (all_unit) half.clear();
  return half;
}

class GreedyFill {
 public:
  GreedyFill(const RowMatrix& rows, std::span<const int32_t> ids, int threads)
      : rows_(rows),
        half_norms_(HalfNorms(rows, ids)),
        unused_(ids.begin(), ids.end()),
        threads_(threads) {}

  // One panel of seeds at a time: the scores of the next unused ids with all
  // unused ones, so that the rows are read once for all of them. A seed that
  // an earlier one of the panel takes is scored in vain.
  Clusters Run(size_t count, const ProgressFn& progress) {
    const size_t total = unused_.size();
    Clusters clusters;
    while (clusters.size() < count) {
      ScorePanel();
      taken_.assign(unused_.size(), false);
      const size_t seeds = std::min(kPanelColumns, unused_.size());
      for (size_t s = 0; s < seeds && clusters.size() < count; ++s) {
        if (taken_[s]) continue;
        // The first total % count clusters take the word that is left over.
        const size_t size =
            total / count + (clusters.size() < total % count ? 1 : 0);
        clusters.push_back(Take(s, size));
      }
      DropTaken();
      if (progress) {
        progress(static_cast<double>(clusters.size()) /
                 static_cast<double>(count));
      }
    }
    return clusters;
  }

 private:
  void ScorePanel() {
    const auto width = static_cast<size_t>(rows_.width);
    PackedColumns seeds(kPanelColumns, width);
    for (size_t s = 0; s < std::min(kPanelColumns, unused_.size()); ++s) {
      seeds.Set(s, rows_.Row(unused_[s]));
    }
    scores_.resize(unused_.size() * kPanelColumns);
    const size_t tasks = (unused_.size() + kRowsPerTask - 1) / kRowsPerTask;
    ParallelFor(tasks, threads_, [&](size_t task) {
      const size_t begin = task * kRowsPerTask;
      const size_t end = std::min(begin + kRowsPerTask, unused_.size());
      std::vector<const float*> pointers;
      for (size_t i = begin; i < end; ++i) {
        pointers.push_back(rows_.Row(unused_[i]).data());
      }
      ScoreRows(pointers, seeds,
                std::span(scores_).subspan(begin * kPanelColumns,
                                           pointers.size() * kPanelColumns));
    });
  }

  // The seed and its size - 1 nearest untaken ids.
  std::vector<int32_t> Take(size_t seed, size_t size) {
    taken_[seed] = true;
    nearest_.clear();
    for (size_t i = 0; i < unused_.size(); ++i) {
      if (taken_[i]) continue;
      const float half_norm =
          half_norms_.empty() ? 0.0F
                              : half_norms_[static_cast<size_t>(unused_[i])];
      nearest_.emplace_back(half_norm - scores_[i * kPanelColumns + seed], i);
    }
    const auto end = nearest_.begin() + static_cast<std::ptrdiff_t>(size - 1);
    std::nth_element(nearest_.begin(), end, nearest_.end());
    std::vector<int32_t> cluster = {unused_[seed]};
    for (auto it = nearest_.begin(); it != end; ++it) {
      taken_[it->second] = true;
      cluster.push_back(unused_[it->second]);
    }
    std::sort(cluster.begin(), cluster.end());
    return cluster;
  }

  void DropTaken() {
    size_t kept = 0;
    for (size_t i = 0; i < unused_.size(); ++i) {
      if (!taken_[i]) unused_[kept++] = unused_[i];
    }
    unused_.resize(kept);
  }

  const RowMatrix& rows_;
  std::vector<float> half_norms_;
  std::vector<int32_t> unused_;
  int threads_;
  std::vector<bool> taken_;
  std::vector<float> scores_;  // unused x kPanelColumns
  std::vector<std::pair<float, size_t>> nearest_;
};

}  // namespace

Clusters FillGreedily(const RowMatrix& rows, std::span<const int32_t> ids,
                      int max_size, int threads, const ProgressFn& progress) {
  return GreedyFill(rows, ids, threads)
      .Run(ClusterCount(ids.size(), max_size), progress);
}

}  // namespace cmif::privacy
