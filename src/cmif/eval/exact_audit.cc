// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/exact_audit.h"

#include <algorithm>
#include <cmath>

#include "cmif/base/parallel.h"
#include "cmif/eval/pair_losses.h"

namespace cmif::eval {
namespace {

// sum_y 1 - (1 - P(y|x))^n, reference/privacy.md 4.
double ExpectedDistinct(std::span<const double> row, int draws) {
  double sum = 0;
  for (const double p : row) sum -= std::expm1(draws * std::log1p(-p));
  return sum;
}

// Of each word, in the order of the clusters.
std::vector<double> DistinctOutputs(const DeployedRows& rows,
                                    const Group& group, int draws) {
  double elsewhere = 0;  // of all clusters, as words of others see them
  for (const int32_t c : group.clusters) {
    elsewhere += ExpectedDistinct(
        rows.clusters()[static_cast<size_t>(c)].outside, draws);
  }
  std::vector<double> distinct;
  for (const int32_t c : group.clusters) {
    const DeployedRows::Cluster& cluster =
        rows.clusters()[static_cast<size_t>(c)];
    const double others = elsewhere - ExpectedDistinct(cluster.outside, draws);
    for (size_t x = 0; x < cluster.ids.size(); ++x) {
      distinct.push_back(ExpectedDistinct(cluster.Row(x), draws) + others);
    }
  }
  return distinct;
}

double Log2OrZero(double value) { return value > 0 ? std::log2(value) : 0; }

// The terms of one cluster's outputs. `shares`: of the cluster's words in the
// group; `others`: of the words of its other clusters.
double OutputBits(const DeployedRows::Cluster& cluster,
                  std::span<const double> shares, double others) {
  const size_t k = cluster.ids.size();
  double bits = 0;
  for (size_t y = 0; y < k; ++y) {
    const double outside = cluster.outside.empty() ? 0 : cluster.outside[y];
    double output = others * outside;  // P(y | group)
    for (size_t x = 0; x < k; ++x) output += shares[x] * cluster.Row(x)[y];
    for (size_t x = 0; x < k; ++x) {
      const double p = cluster.Row(x)[y];
      bits += shares[x] * p * Log2OrZero(p / output);
    }
    bits += others * outside * Log2OrZero(outside / output);
  }
  return bits;
}

// Adds one group's terms; `value` is a word's share of the whole.
template <typename Share>
void AddInformation(const DeployedRows& rows, const Group& group,
                    const Share& share, MutualInformation& sum) {
  double mass = 0;
  for (const int32_t id : rows.WordsOf(group)) mass += share(id);
  if (mass <= 0) return;
  sum.public_bits -= mass * Log2OrZero(mass);
  double output_bits = 0;
  for (const int32_t c : group.clusters) {
    const DeployedRows::Cluster& cluster =
        rows.clusters()[static_cast<size_t>(c)];
    std::vector<double> shares;
    double others = 1;
    for (const int32_t id : cluster.ids) {
      shares.push_back(share(id) / mass);
      others -= shares.back();
      sum.word_bits -= mass * shares.back() * Log2OrZero(shares.back());
    }
    output_bits += OutputBits(cluster, shares, std::max(others, 0.0));
  }
  sum.output_bits += mass * std::max(output_bits, 0.0);
}

MutualInformation Information(const DeployedRows& rows,
                              std::span<const double> prior) {
  const auto value = [&](int32_t id) {
    return prior.empty() ? 1.0 : prior[static_cast<size_t>(id)];
  };
  double total = 0;
  for (const DeployedRows::Cluster& cluster : rows.clusters()) {
    for (const int32_t id : cluster.ids) total += value(id);
  }
  MutualInformation sum;
  for (const Group& group : rows.groups()) {
    AddInformation(
        rows, group, [&](int32_t id) { return value(id) / total; }, sum);
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

// How often words stay, and how many different outputs they have.
void AddWords(const DeployedRows& rows, std::span<const double> loss_of_id,
              ExactAudit& audit) {
  std::vector<double> keep;
  std::vector<double> distinct;
  for (const Group& group : rows.groups()) {
    if (group.words < 2) continue;
    const auto more = DistinctOutputs(rows, group, audit.distinct_draws);
    distinct.insert(distinct.end(), more.begin(), more.end());
    for (const int32_t id : rows.WordsOf(group)) {
      keep.push_back(rows.Probability(id, id));
      audit.worst_words.push_back(
          {.id = id,
           .cluster = rows.clustering().cluster_of(id),
           .keep = keep.back(),
           .loss = loss_of_id[static_cast<size_t>(id)]});
    }
  }
  audit.words = static_cast<int>(keep.size());
  audit.keep = SpreadOf(std::move(keep));
  audit.distinct = SpreadOf(std::move(distinct));
}

void KeepWorst(size_t most, std::vector<WordFigures>& words) {
  std::ranges::stable_sort(words, std::ranges::greater(), &WordFigures::keep);
  if (words.size() > most) words.resize(most);
}

// What the channel says of itself.
ExactAudit Start(const DeployedRows& rows, const ExactAuditOptions& options) {
  const privacy::Channel& channel = rows.channel();
  ExactAudit audit;
  audit.epsilon_asked = channel.epsilon().value();
  audit.epsilon_certified =
      static_cast<double>(channel.epsilon_certified_micro()) / 1e6;
  audit.public_bits = channel.PublicBits();
  audit.clusters = static_cast<int>(rows.clusters().size());
  audit.groups = static_cast<int>(rows.groups().size());
  audit.revealed_words = channel.revealed_words();
  audit.public_ids = rows.clustering().vocabulary_size();
  for (const Group& group : rows.groups()) {
    audit.public_ids -= static_cast<int>(group.words);
  }
  audit.distinct_draws = options.distinct_draws;
  audit.losses.bin_width =
      std::max(audit.epsilon_asked, audit.epsilon_certified) / options.bins;
  audit.losses.counts.assign(static_cast<size_t>(options.bins), 0);
  return audit;
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

Result<ExactAudit> AuditExactly(const DeployedRows& rows,
                                std::span<const double> prior,
                                const ExactAuditOptions& options) {
  CMIF_TRY(CheckPrior(rows.clustering(), prior));
  CMIF_TRY(CheckOptions(options));
  ExactAudit audit = Start(rows, options);
  const PairLosses losses =
      LossesOfPairs(rows, {.bin_width = audit.losses.bin_width,
                           .bins = options.bins,
                           .orders = options.renyi_orders,
                           .threads = options.threads});
  audit.losses.counts = losses.counts;
  audit.epsilon_recomputed = losses.largest;
  for (size_t i = 0; i < options.renyi_orders.size(); ++i) {
    audit.renyi.push_back({options.renyi_orders[i], losses.divergences[i]});
  }
  AddWords(rows, losses.loss_of_id, audit);
  KeepWorst(static_cast<size_t>(std::max(options.worst_words, 0)),
            audit.worst_words);
  audit.uniform = Information(rows, {});
  audit.under_prior = Information(rows, prior);
  return audit;
}

}  // namespace cmif::eval
