// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/sweep.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "cmif/base/random.h"
#include "cmif/eval/bayes_attack.h"
#include "cmif/privacy/accountant.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/delta.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/mechanism.h"

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

struct Variant {
  const privacy::Mechanism* mechanism;
  std::string label;
  bool calibrate = true;
  bool hub_cap = true;
};

Result<std::vector<Variant>> Variants() {
  std::vector<Variant> variants;
  for (const privacy::Mechanism* const known : privacy::KnownMechanisms()) {
    variants.push_back(
        {.mechanism = known, .label = std::string(known->name())});
  }
  const auto add = [&](std::string_view name, std::string_view suffix,
                       bool calibrate, bool hub_cap) -> Result<void> {
    CMIF_ASSIGN(const auto* const mechanism, privacy::FindMechanism(name));
    variants.push_back({mechanism, std::string(name) + std::string(suffix),
                        calibrate, hub_cap});
    return {};
  };
  CMIF_TRY(add("optimal", ", no hub cap", true, false));
  CMIF_TRY(add("rnm-laplace", ", textbook", false, true));
  CMIF_TRY(add("rnm-gumbel", ", textbook (CUSTEXT)", false, true));
  return variants;
}

// Sums over the words of one cluster.
struct Part {
  double loss = 0;
  double utility = 0;
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
      part.utility += weight * 0x1p-32 * double{table.utilities[x * k + y]};
      part.cosine += weight * 0x1p-32 * Dot(rows.Row(ids[x]), rows.Row(ids[y]));
    }
    part.success += most * 0x1p-32;
    part.keep += table.weights[y * k + y] * 0x1p-32;
  }
  return part;
}

Result<SweepPoint> Point(
    const Variant& variant, privacy::Epsilon epsilon,
    const std::shared_ptr<const privacy::Clustering>& sample,
    const privacy::RowMatrix& rows, const SweepOptions& options) {
  CMIF_ASSIGN(privacy::Channel built,
              privacy::BuildChannel(
                  {.mechanism = std::string(variant.mechanism->name()),
                   .epsilon = epsilon,
                   .calibrate = variant.calibrate,
                   .hub_cap = variant.hub_cap},
                  {.clustering = sample}, rows, {}, options.threads));
  const auto channel =
      std::make_shared<const privacy::Channel>(std::move(built));
  const std::vector<Cluster>& clusters = sample->clusters();
  std::vector<Part> parts(clusters.size());
  ParallelFor(clusters.size(),
              options.threads > 0 ? options.threads : HardwareThreads(),
              [&](size_t c) {
                parts[c] = Measure(rows, clusters[c], channel->tables()[c]);
              });
  SweepPoint point{.mechanism = variant.label, .epsilon = epsilon.value()};
  CMIF_ASSIGN(const privacy::Delta delta,
              privacy::Delta::Create(options.delta));
  CMIF_ASSIGN(const privacy::Accountant accountant,
              privacy::Accountant::Create(channel));
  const auto document = accountant.WorstDocumentEpsilon(options.document_draws,
                                                        delta, options.threads);
  point.document_epsilon = static_cast<double>(document.worst_full_micro) / 1e6;
  point.document_epsilon_mean = static_cast<double>(document.mean_micro) / 1e6;
  double words = 0;
  for (size_t c = 0; c < clusters.size(); ++c) {
    words += static_cast<double>(clusters[c].size());
    point.epsilon_star = std::max(point.epsilon_star, parts[c].loss);
    point.mean_cosine += parts[c].cosine;
    point.mean_utility += parts[c].utility;
    point.keep += parts[c].keep;
    point.bayes_success += parts[c].success;
    point.bound += parts[c].bound;
  }
  point.mean_cosine /= words;
  point.mean_utility /= words;
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
  CMIF_ASSIGN(const std::vector<Variant> variants, Variants());
  CMIF_ASSIGN(
      privacy::Clustering sampled,
      privacy::Clustering::Create(clustering.vocabulary_size(), clusters));
  const auto sample =
      std::make_shared<const privacy::Clustering>(std::move(sampled));
  Sweep sweep;
  sweep.clusters = static_cast<int>(clusters.size());
  for (const Cluster& ids : clusters) {
    sweep.words += static_cast<int>(ids.size());
    sweep.cluster_sizes.push_back(static_cast<int>(ids.size()));
  }
  const double steps =
      static_cast<double>(variants.size() * options.epsilons.size());
  for (const Variant& variant : variants) {
    for (const double value : options.epsilons) {
      if (progress) progress(static_cast<double>(sweep.points.size()) / steps);
      CMIF_ASSIGN(const privacy::Epsilon epsilon,
                  privacy::Epsilon::Create(value));
      CMIF_ASSIGN(SweepPoint point,
                  Point(variant, epsilon, sample, rows, options));
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
