// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/sweep.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "cmif/base/random.h"
#include "cmif/eval/bayes_attack.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/utilities.h"

namespace cmif::eval {
namespace {

using Cluster = std::vector<int32_t>;

std::vector<Cluster> SampleClusters(const privacy::Clustering& clustering,
                                    const SweepOptions& options) {
  std::vector<Cluster> usable;
  for (const Cluster& ids : clustering.clusters()) {
    if (ids.size() > 1) usable.push_back(ids);
  }
  const auto wanted = static_cast<size_t>(std::max(options.clusters, 0));
  if (wanted == 0 || wanted >= usable.size()) return usable;
  InsecureSeededRandom random(options.insecure_seed);
  for (size_t i = 0; i < wanted; ++i) {
    std::swap(usable[i], usable[i + random.Next32() % (usable.size() - i)]);
  }
  usable.resize(wanted);
  return usable;
}

// Sums over the words of one cluster.
struct Part {
  double loss = 0;
  double cosine = 0;
  double keep = 0;
  double success = 0;
  double bound = 0;
};

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

Part Measure(const privacy::RowMatrix& rows, const Cluster& ids,
             const privacy::ClusterTable& table) {
  const size_t k = ids.size();
  Part part;
  part.loss = static_cast<double>(table.loss_micro) / 1e6;
  part.bound = static_cast<double>(k) *
               PosteriorBound(1 / static_cast<double>(k), part.loss);
  for (size_t y = 0; y < k; ++y) {
    uint32_t most = 0;
    for (size_t x = 0; x < k; ++x) {
      const uint32_t weight = table.weights[x * k + y];
      most = std::max(most, weight);
      part.cosine += weight * 0x1p-32 * Dot(rows.Row(ids[x]), rows.Row(ids[y]));
    }
    part.success += most * 0x1p-32;
    part.keep += table.weights[y * k + y] * 0x1p-32;
  }
  return part;
}

Result<SweepPoint> Point(const privacy::Mechanism& mechanism,
                         privacy::Epsilon epsilon,
                         const std::vector<Cluster>& clusters,
                         const privacy::RowMatrix& rows, int threads) {
  std::vector<Part> parts(clusters.size());
  std::vector<std::optional<Status>> errors(clusters.size());
  ParallelFor(clusters.size(), threads, [&](size_t c) {
    const auto table = mechanism.Fill(
        privacy::CosineUtilities(rows, clusters[c]), {.epsilon = epsilon});
    if (table) {
      parts[c] = Measure(rows, clusters[c], *table);
    } else {
      errors[c] = table.error();
    }
  });
  SweepPoint point{.mechanism = std::string(mechanism.name()),
                   .epsilon = epsilon.value()};
  double words = 0;
  for (size_t c = 0; c < clusters.size(); ++c) {
    const std::optional<Status>& error = errors[c];
    if (error) return std::unexpected(*error);
    words += static_cast<double>(clusters[c].size());
    point.epsilon_star = std::max(point.epsilon_star, parts[c].loss);
    point.mean_cosine += parts[c].cosine;
    point.keep += parts[c].keep;
    point.bayes_success += parts[c].success;
    point.bound += parts[c].bound;
  }
  point.mean_cosine /= words;
  point.keep /= words;
  point.bayes_success /= words;
  point.bound /= words;
  return point;
}

}  // namespace

Result<Sweep> SweepMechanisms(const privacy::Clustering& clustering,
                              const privacy::RowMatrix& rows,
                              const SweepOptions& options,
                              const ProgressFn& progress) {
  const std::vector<Cluster> clusters = SampleClusters(clustering, options);
  if (clusters.empty()) return InvalidArgument("no cluster has two words");
  const int threads = options.threads > 0 ? options.threads : HardwareThreads();
  const auto mechanisms = privacy::KnownMechanisms();
  Sweep sweep;
  sweep.clusters = static_cast<int>(clusters.size());
  for (const Cluster& ids : clusters) {
    sweep.words += static_cast<int>(ids.size());
    sweep.cluster_sizes.push_back(static_cast<int>(ids.size()));
  }
  const double steps =
      static_cast<double>(mechanisms.size() * options.epsilons.size());
  for (const privacy::Mechanism* const mechanism : mechanisms) {
    for (const double value : options.epsilons) {
      if (progress) progress(static_cast<double>(sweep.points.size()) / steps);
      CMIF_ASSIGN(const privacy::Epsilon epsilon,
                  privacy::Epsilon::Create(value));
      CMIF_ASSIGN(SweepPoint point,
                  Point(*mechanism, epsilon, clusters, rows, threads));
      sweep.points.push_back(std::move(point));
    }
  }
  if (progress) progress(1);
  return sweep;
}

double MeanUniformBound(const Sweep& sweep, double epsilon) {
  double sum = 0;
  for (const int k : sweep.cluster_sizes) {
    sum += k * PosteriorBound(1.0 / k, epsilon);
  }
  return sweep.words == 0 ? 0 : sum / sweep.words;
}

}  // namespace cmif::eval
