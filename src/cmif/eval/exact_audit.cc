// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/exact_audit.h"

#include <algorithm>
#include <cmath>

#include "cmif/base/parallel.h"
#include "cmif/privacy/certify.h"

namespace cmif::eval {
namespace {

constexpr double kRowSum = static_cast<double>(privacy::kRowSum);

double Log2OrZero(double value) { return value > 0 ? std::log2(value) : 0; }

// One cluster's share of the audit.
struct ClusterPart {
  std::vector<uint64_t> bins;
  std::vector<double> divergences;  // per order
  std::vector<WordFigures> words;
  std::vector<double> distinct;
  double loss = 0;
};

struct ClusterInput {
  std::span<const uint32_t> weights;
  std::span<const int32_t> ids;
  int cluster;
  double bin_width;
};

// exp((order - 1) D_order) = sum_y p^order q^(1 - order).
double Renyi(std::span<const double> log_p, std::span<const double> log_q,
             double order) {
  double sum = 0;
  for (size_t y = 0; y < log_p.size(); ++y) {
    sum += std::exp(order * log_p[y] + (1 - order) * log_q[y]);
  }
  return std::max(std::log(sum) / (order - 1), 0.0);
}

void AddPairs(const ClusterInput& in, const ExactAuditOptions& options,
              ClusterPart& part) {
  const size_t k = in.ids.size();
  std::vector<double> logs(k * k);
  for (size_t i = 0; i < k * k; ++i)
    logs[i] = std::log(in.weights[i] / kRowSum);
  const auto row = [&](size_t x) { return std::span(logs).subspan(x * k, k); };
  for (size_t x = 0; x < k; ++x) {
    for (size_t other = 0; other < k; ++other) {
      if (x == other) continue;
      double loss = 0;
      for (size_t y = 0; y < k; ++y) {
        loss = std::max(loss, row(x)[y] - row(other)[y]);
      }
      const auto bin = static_cast<size_t>(loss / in.bin_width);
      ++part.bins[std::min(bin, part.bins.size() - 1)];
      part.words[x].loss = std::max(part.words[x].loss, loss);
      part.words[other].loss = std::max(part.words[other].loss, loss);
      part.loss = std::max(part.loss, loss);
      for (size_t i = 0; i < options.renyi_orders.size(); ++i) {
        part.divergences[i] =
            std::max(part.divergences[i],
                     Renyi(row(x), row(other), options.renyi_orders[i]));
      }
    }
  }
}

// sum_y 1 - (1 - P(y|x))^n, reference/privacy.md 4.
double ExpectedDistinct(std::span<const uint32_t> row, int draws) {
  double sum = 0;
  for (const uint32_t weight : row) {
    sum -= std::expm1(draws * std::log1p(-(weight / kRowSum)));
  }
  return sum;
}

ClusterPart AuditCluster(const ClusterInput& in,
                         const ExactAuditOptions& options) {
  const size_t k = in.ids.size();
  ClusterPart part;
  part.bins.assign(static_cast<size_t>(options.bins), 0);
  part.divergences.assign(options.renyi_orders.size(), 0);
  for (size_t x = 0; x < k; ++x) {
    part.words.push_back({.id = in.ids[x],
                          .cluster = in.cluster,
                          .keep = in.weights[x * k + x] / kRowSum,
                          .loss = 0});
    part.distinct.push_back(
        ExpectedDistinct(in.weights.subspan(x * k, k), options.distinct_draws));
  }
  AddPairs(in, options, part);
  return part;
}

// Adds the cluster's terms; `prior` are its words' shares of the whole.
void AddInformation(std::span<const uint32_t> weights,
                    std::span<const double> prior, MutualInformation& sum) {
  const size_t k = prior.size();
  double mass = 0;
  for (const double share : prior) mass += share;
  if (mass <= 0) return;
  sum.cluster_entropy_bits -= mass * Log2OrZero(mass);
  for (const double share : prior) {
    sum.word_bits -= share * Log2OrZero(share / mass);
  }
  for (size_t y = 0; k > 1 && y < k; ++y) {
    double output = 0;  // P(y | cluster)
    for (size_t x = 0; x < k; ++x) {
      output += prior[x] / mass * weights[x * k + y] / kRowSum;
    }
    for (size_t x = 0; x < k; ++x) {
      const double p = weights[x * k + y] / kRowSum;
      sum.within_cluster_bits += prior[x] * p * Log2OrZero(p / output);
    }
  }
}

MutualInformation Information(const privacy::Channel& channel,
                              std::span<const double> prior) {
  const auto& clusters = channel.clustering().clusters();
  const auto value = [&](int32_t id) {
    return prior.empty() ? 1.0 : prior[static_cast<size_t>(id)];
  };
  double total = 0;
  for (const auto& ids : clusters) {
    for (const int32_t id : ids) total += value(id);
  }
  MutualInformation sum;
  for (size_t c = 0; c < clusters.size(); ++c) {
    std::vector<double> shares;
    for (const int32_t id : clusters[c]) shares.push_back(value(id) / total);
    AddInformation(channel.tables()[c].weights, shares, sum);
  }
  return sum;
}

Result<void> CheckPrior(const privacy::Clustering& clustering,
                        std::span<const double> prior) {
  if (clustering.clusters().empty()) {
    return InvalidArgument("the clustering has no sensitive word to audit");
  }
  if (prior.empty()) return {};
  if (prior.size() != static_cast<size_t>(clustering.vocabulary_size())) {
    return InvalidArgument("a prior needs one value for each id");
  }
  double mass = 0;
  for (size_t id = 0; id < prior.size(); ++id) {
    if (!(prior[id] >= 0) || !std::isfinite(prior[id])) {
      return InvalidArgument("a prior's values are finite and not negative");
    }
    if (clustering.cluster_of(static_cast<int32_t>(id)) >= 0) mass += prior[id];
  }
  if (!(mass > 0)) return InvalidArgument("the prior gives no word any mass");
  return {};
}

Result<void> CheckOptions(const ExactAuditOptions& options) {
  if (options.bins < 1 || options.distinct_draws < 1) {
    return InvalidArgument("an audit needs at least one bin and one draw");
  }
  for (const double order : options.renyi_orders) {
    if (!(order > 1) || !std::isfinite(order)) {
      return InvalidArgument("Renyi orders are finite and above 1");
    }
  }
  return {};
}

void Merge(const std::vector<ClusterPart>& parts,
           const ExactAuditOptions& options, ExactAudit& audit) {
  std::vector<double> keep;
  std::vector<double> distinct;
  std::vector<double> divergences(options.renyi_orders.size(), 0);
  for (const ClusterPart& part : parts) {
    for (size_t i = 0; i < part.bins.size(); ++i) {
      audit.losses.counts[i] += part.bins[i];
    }
    for (size_t i = 0; i < part.divergences.size(); ++i) {
      divergences[i] = std::max(divergences[i], part.divergences[i]);
    }
    for (const WordFigures& word : part.words) {
      keep.push_back(word.keep);
      audit.worst_words.push_back(word);
    }
    distinct.insert(distinct.end(), part.distinct.begin(), part.distinct.end());
    audit.epsilon_recomputed = std::max(audit.epsilon_recomputed, part.loss);
  }
  audit.words = static_cast<int>(keep.size());
  audit.keep = SpreadOf(std::move(keep));
  audit.distinct = SpreadOf(std::move(distinct));
  for (size_t i = 0; i < divergences.size(); ++i) {
    audit.renyi.push_back({options.renyi_orders[i], divergences[i]});
  }
  std::ranges::stable_sort(audit.worst_words, std::ranges::greater(),
                           &WordFigures::keep);
  const size_t most = static_cast<size_t>(std::max(options.worst_words, 0));
  if (audit.worst_words.size() > most) audit.worst_words.resize(most);
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto rank = [&](double share) {
    const double place = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<size_t>(std::max(place, 1.0)) - 1];
  };
  double sum = 0;
  for (const double value : values) sum += value;
  return {.mean = sum / static_cast<double>(values.size()),
          .p5 = rank(0.05),
          .p95 = rank(0.95),
          .least = values.front(),
          .most = values.back()};
}

Result<ExactAudit> AuditExactly(const privacy::Channel& channel,
                                std::span<const double> prior,
                                const ExactAuditOptions& options) {
  const privacy::Clustering& clustering = channel.clustering();
  if (channel.spec().adjacency != privacy::Adjacency::kCluster) {
    return Unimplemented("tables tell the whole of adjacency cluster alone");
  }
  CMIF_TRY(CheckPrior(clustering, prior));
  CMIF_TRY(CheckOptions(options));
  const auto& clusters = clustering.clusters();
  ExactAudit audit;
  audit.epsilon_asked = channel.epsilon().value();
  audit.epsilon_certified =
      static_cast<double>(channel.epsilon_certified_micro()) / 1e6;
  audit.cluster_bits = clustering.ClusterBits();
  audit.clusters = static_cast<int>(clusters.size());
  audit.revealed_words = channel.revealed_words();
  audit.public_ids = clustering.vocabulary_size();
  for (const auto& ids : clusters) {
    audit.public_ids -= static_cast<int>(ids.size());
  }
  audit.distinct_draws = options.distinct_draws;
  audit.losses.bin_width = audit.epsilon_asked / options.bins;
  audit.losses.counts.assign(static_cast<size_t>(options.bins), 0);
  std::vector<ClusterPart> parts(clusters.size());
  const int threads = options.threads > 0 ? options.threads : HardwareThreads();
  ParallelFor(clusters.size(), threads, [&](size_t c) {
    if (clusters[c].size() < 2) {
      parts[c].bins.assign(static_cast<size_t>(options.bins), 0);
      return;
    }
    parts[c] = AuditCluster({.weights = channel.tables()[c].weights,
                             .ids = clusters[c],
                             .cluster = static_cast<int>(c),
                             .bin_width = audit.losses.bin_width},
                            options);
  });
  Merge(parts, options, audit);
  audit.uniform = Information(channel, {});
  audit.under_prior = Information(channel, prior);
  return audit;
}

}  // namespace cmif::eval
