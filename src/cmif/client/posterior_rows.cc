// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/posterior_rows.h"

#include <cmath>
#include <utility>

namespace cmif::client {
namespace {

double Norm(std::span<const float> row) {
  double squares = 0;
  for (const float value : row) squares += double{value} * double{value};
  return std::sqrt(squares);
}

}  // namespace

void PosteriorRows::Add(int32_t id, double weight, Sum& sum) const {
  const model::EmbeddingTable& table = model_->table();
  std::vector<float> row(table.format().width());
  table.format().Expand(table.Row(id), row);
  sum.values.resize(row.size() + 1);
  for (size_t i = 0; i < row.size(); ++i) {
    sum.values[i] += weight * double{row[i]};
  }
  sum.values.back() += weight * Norm(row);
  sum.weight += weight;
}

// Over all words of the cluster's class, weighted by the prior.
const PosteriorRows::Sum& PosteriorRows::OfClass(size_t cluster) {
  const privacy::ClassLevel* const level = posterior_.LevelOf(cluster);
  const auto [found, is_new] = classes_.try_emplace(level);
  if (!is_new) return found->second;
  const auto& clusters = posterior_.channel().clustering().clusters();
  for (const int32_t c : level->clusters) {
    for (const int32_t id : clusters[static_cast<size_t>(c)]) {
      Add(id, posterior_.Prior(id), found->second);
    }
  }
  return found->second;
}

PosteriorRows::Sum PosteriorRows::MeanOf(
    int32_t y, const privacy::OutputPosterior& posterior) {
  const privacy::Clustering& clustering = posterior_.channel().clustering();
  const auto cluster = static_cast<size_t>(clustering.cluster_of(y));
  const std::vector<int32_t>& words = clustering.clusters()[cluster];
  Sum mean;
  Sum own;  // of the cluster, weighted by the prior
  for (size_t i = 0; i < words.size(); ++i) {
    Add(words[i], posterior.within[i], mean);
    if (posterior.elsewhere > 0) Add(words[i], posterior_.Prior(words[i]), own);
  }
  if (posterior.elsewhere == 0) return mean;
  const Sum& whole = OfClass(cluster);
  const double share = posterior.elsewhere / (whole.weight - own.weight);
  for (size_t i = 0; i < mean.values.size(); ++i) {
    mean.values[i] += share * (whole.values[i] - own.values[i]);
  }
  return mean;
}

std::vector<float> PosteriorRows::Scaled(int32_t y, const Sum& mean) const {
  const std::span<const double> values =
      std::span(mean.values).first(mean.values.size() - 1);
  std::vector<float> row(values.begin(), values.end());
  const double norm = Norm(row);
  if (norm_ == MeanNorm::kRaw || norm == 0) return row;
  double wanted = mean.values.back();
  if (norm_ == MeanNorm::kOwn) {
    Sum own;
    Add(y, 1, own);
    wanted = own.values.back();
  }
  for (float& value : row) {
    value = static_cast<float>(double{value} * (wanted / norm));
  }
  return row;
}

Result<std::span<const uint8_t>> PosteriorRows::Row(int32_t y) {
  if (const auto known = rows_.find(y); known != rows_.end()) {
    return known->second;
  }
  const privacy::OutputPosterior posterior = posterior_.Of(y);
  if (posterior.within.size() == 1 && posterior.elsewhere == 0) {
    return model_->table().Row(y);
  }
  CMIF_ASSIGN(std::vector<uint8_t> row, model_->table().format().Compress(
                                            Scaled(y, MeanOf(y, posterior))));
  return rows_.emplace(y, std::move(row)).first->second;
}

}  // namespace cmif::client
