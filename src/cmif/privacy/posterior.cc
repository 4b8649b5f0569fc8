// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/posterior.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cmif::privacy {

Result<Posterior> Posterior::Create(std::shared_ptr<const Channel> channel,
                                    std::vector<double> prior) {
  const Clustering& clustering = channel->clustering();
  const auto vocabulary = static_cast<size_t>(clustering.vocabulary_size());
  if (!prior.empty() && prior.size() != vocabulary) {
    return InvalidArgument("the prior is not one weight for each id");
  }
  if (!std::ranges::all_of(
          prior, [](double p) { return p > 0 && std::isfinite(p); })) {
    return InvalidArgument(
        "a posterior needs a prior whose weights are all finite and above 0; "
        "add one to every count");
  }
  Posterior posterior(std::move(channel), std::move(prior));
  if (posterior.channel_->spec().adjacency == Adjacency::kCluster) {
    return posterior;
  }
  posterior.level_of_.resize(clustering.clusters().size());
  posterior.mass_elsewhere_.resize(clustering.clusters().size());
  for (const ClassLevel& level : posterior.channel_->levels()) {
    posterior.AddLevel(level);
  }
  return posterior;
}

double Posterior::MassOf(int32_t cluster) const {
  double mass = 0;
  for (const int32_t id :
       channel_->clustering().clusters()[static_cast<size_t>(cluster)]) {
    mass += Prior(id);
  }
  return mass;
}

void Posterior::AddLevel(const ClassLevel& level) {
  std::vector<double> masses;
  masses.reserve(level.clusters.size());
  for (const int32_t cluster : level.clusters)
    masses.push_back(MassOf(cluster));
  // Sums of what is before and behind: no difference of large numbers.
  double before = 0;
  for (size_t i = 0; i < masses.size(); ++i) {
    const auto cluster = static_cast<size_t>(level.clusters[i]);
    level_of_[cluster] = &level;
    mass_elsewhere_[cluster] = before;
    before += masses[i];
  }
  double behind = 0;
  for (size_t i = masses.size(); i-- > 0;) {
    mass_elsewhere_[static_cast<size_t>(level.clusters[i])] += behind;
    behind += masses[i];
  }
}

OutputPosterior Posterior::Of(int32_t y) const {
  const Clustering& clustering = channel_->clustering();
  const auto cluster = static_cast<size_t>(clustering.cluster_of(y));
  const std::vector<int32_t>& words = clustering.clusters()[cluster];
  const size_t k = words.size();
  const std::vector<uint32_t>& weights = channel_->tables()[cluster].weights;
  const auto column = static_cast<size_t>(clustering.position_in_cluster(y));
  const auto chance = [&](size_t x) {
    return k == 1 ? 1.0 : weights[x * k + column] * 0x1p-32;
  };
  ClassStage stage;
  OutputPosterior result;
  if (!level_of_.empty()) {
    const auto representative =
        static_cast<size_t>(channel_->representatives()[cluster]);
    stage = StageOf(*level_of_[cluster], channel_->spec().adjacency);
    result.elsewhere =
        mass_elsewhere_[cluster] *
        (stage.elsewhere * chance(representative) + stage.any_word);
  }
  double sum = result.elsewhere;
  for (size_t x = 0; x < k; ++x) {
    result.within.push_back(Prior(words[x]) *
                            (stage.keep * chance(x) + stage.any_word));
    sum += result.within.back();
  }
  for (double& probability : result.within) probability /= sum;
  result.elsewhere /= sum;
  return result;
}

}  // namespace cmif::privacy
