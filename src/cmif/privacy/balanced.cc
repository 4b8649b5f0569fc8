// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/balanced.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "cmif/privacy/refine.h"

namespace cmif::privacy {
namespace {

// The share of the progress that the greedy fill takes of both steps.
constexpr double kGreedyShare = 0.2;

struct Request {
  Clusters fixed;
  // Class -> its ids outside the fixed clusters, first those that choose first.
  std::map<int32_t, std::vector<int32_t>> classes;
  size_t words = 0;
};

Result<void> CheckFixed(const std::vector<int32_t>& cluster, size_t index,
                        std::span<const int32_t> class_of,
                        std::vector<bool>& used) {
  const auto refuse = [&](std::string_view what) {
    return InvalidArgument(fmt::format("given cluster {} {}", index, what));
  };
  if (cluster.empty()) return refuse("is empty");
  if (cluster.size() > kMaxClusterSize) return refuse("has over 256 ids");
  int32_t first_class = -1;
  for (const int32_t id : cluster) {
    if (id < 0 || static_cast<size_t>(id) >= class_of.size()) {
      return refuse("has an id outside the vocabulary");
    }
    const auto i = static_cast<size_t>(id);
    if (used[i]) return refuse("repeats an id of its own or of another one");
    used[i] = true;
    if (class_of[i] < 0) return refuse("has a public id");
    if (first_class < 0) first_class = class_of[i];
    if (class_of[i] != first_class) return refuse("mixes ids of two classes");
  }
  return {};
}

Result<void> CheckCounts(std::span<const double> counts, size_t ids) {
  if (!counts.empty() && counts.size() != ids) {
    return InvalidArgument(
        fmt::format("{} counts for {} ids", counts.size(), ids));
  }
  for (const double count : counts) {
    if (!std::isfinite(count) || count < 0) {
      return InvalidArgument("a count is negative or not finite");
    }
  }
  return {};
}

Result<Request> CheckRequest(const RowMatrix& rows,
                             std::span<const int32_t> class_of,
                             const Clusters& fixed,
                             const BalancedOptions& options) {
  if (rows.rows < 1 || class_of.size() != static_cast<size_t>(rows.rows)) {
    return InvalidArgument(fmt::format("{} classes for a vocabulary of {} ids",
                                       class_of.size(), rows.rows));
  }
  if (options.max_size < 2 || options.max_size > kMaxClusterSize) {
    return InvalidArgument(
        fmt::format("clusters of at most {} words; 2 to {} "
                    "are possible",
                    options.max_size, kMaxClusterSize));
  }
  CMIF_TRY(CheckCounts(options.counts, class_of.size()));
  Request request{fixed, {}, 0};
  std::vector<bool> used(class_of.size(), false);
  for (size_t i = 0; i < fixed.size(); ++i) {
    CMIF_TRY(CheckFixed(fixed[i], i, class_of, used));
  }
  for (size_t id = 0; id < class_of.size(); ++id) {
    if (class_of[id] < 0 || used[id]) continue;
    request.classes[class_of[id]].push_back(static_cast<int32_t>(id));
    ++request.words;
  }
  if (options.counts.empty()) return request;
  for (auto& [unused_class, ids] : request.classes) {
    std::ranges::stable_sort(ids, [&](int32_t a, int32_t b) {
      return options.counts[static_cast<size_t>(a)] >
             options.counts[static_cast<size_t>(b)];
    });
  }
  return request;
}

// Greedy clusters of every class, refined if there are sweeps to do.
Result<Clustering> Cluster(const RowMatrix& rows, Request request,
                           const BalancedOptions& options, int sweeps,
                           const ProgressFn& progress) {
  const int threads = options.threads > 0 ? options.threads : HardwareThreads();
  Clusters clusters = std::move(request.fixed);
  const double greedy_share = sweeps > 0 ? kGreedyShare : 1.0;
  double done = 0;
  for (const auto& [unused_class, ids] : request.classes) {
    const double words =
        static_cast<double>(ids.size()) / static_cast<double>(request.words);
    const auto report = [&](double offset, double scale) -> ProgressFn {
      if (!progress) return {};
      return [&progress, start = done + offset * words, scale = scale * words](
                 double share) { progress(start + scale * share); };
    };
    Clusters found = FillGreedily(rows, ids, options.max_size, threads,
                                  report(0, greedy_share));
    RefineBySwaps(rows, sweeps, threads, found,
                  report(greedy_share, 1 - greedy_share));
    std::move(found.begin(), found.end(), std::back_inserter(clusters));
    done += words;
  }
  if (progress) progress(1.0);
  return Clustering::Create(rows.rows, std::move(clusters));
}

}  // namespace

Result<Clustering> GreedyClusters(
    const RowMatrix& rows, std::span<const int32_t> class_of,
    const std::vector<std::vector<int32_t>>& fixed,
    const BalancedOptions& options, const ProgressFn& progress) {
  CMIF_ASSIGN(auto request, CheckRequest(rows, class_of, fixed, options));
  return Cluster(rows, std::move(request), options, 0, progress);
}

Result<Clustering> BalancedClusters(
    const RowMatrix& rows, std::span<const int32_t> class_of,
    const std::vector<std::vector<int32_t>>& fixed,
    const BalancedOptions& options, const ProgressFn& progress) {
  CMIF_ASSIGN(auto request, CheckRequest(rows, class_of, fixed, options));
  return Cluster(rows, std::move(request), options, options.sweeps, progress);
}

}  // namespace cmif::privacy
