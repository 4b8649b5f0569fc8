// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_POSTERIOR_H_
#define CMIF_PRIVACY_POSTERIOR_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/channel.h"

namespace cmif::privacy {

// How likely each word was the input, given one output y. All of it sums to 1.
struct OutputPosterior {
  // Of the words of y's cluster, in the cluster's order.
  std::vector<double> within;
  // That it was a word of another cluster of y's class. These share it in
  // proportion to their prior. 0 under Adjacency::kCluster.
  double elsewhere = 0;
};

// What outputs of a channel say of the input under a public prior:
//
//   P(x|y) = prior(x) P(y|x) / sum over x' of prior(x') P(y|x')    (Bayes)
//
// over the words x' of y's cluster, or for kTwoLevel and kMixture of its class,
// with P(y|x) as the integers of channel.h and class_level.h say. A function of
// y, the channel and the prior alone: whatever is made of it is post-processing
// (Dwork and Roth 2014, proposition 2.1). Sums are those of integers where the
// prior is uniform and the adjacency kCluster, so each probability has one
// rounding; else the relative error is below 1e-12. Immutable; thread-safe.
class Posterior {
 public:
  // `prior`: one weight per id of the vocabulary, or empty for the uniform one;
  // scale does not matter. INVALID_ARGUMENT: another number of weights, or one
  // that is not finite and above 0 (add one to every count).
  static Result<Posterior> Create(std::shared_ptr<const Channel> channel,
                                  std::vector<double> prior);

  const Channel& channel() const { return *channel_; }
  double Prior(int32_t id) const {
    return prior_.empty() ? 1.0 : prior_[static_cast<size_t>(id)];
  }
  // The class of a cluster; null under kCluster.
  const ClassLevel* LevelOf(size_t cluster) const {
    return level_of_.empty() ? nullptr : level_of_[cluster];
  }
  // Precondition: y is in a cluster. Cost: the cluster's size.
  OutputPosterior Of(int32_t y) const;

 private:
  Posterior(std::shared_ptr<const Channel> channel, std::vector<double> prior)
      : channel_(std::move(channel)), prior_(std::move(prior)) {}
  void AddLevel(const ClassLevel& level);
  double MassOf(int32_t cluster) const;

  std::shared_ptr<const Channel> channel_;
  std::vector<double> prior_;
  // Per cluster; empty under kCluster. The class's level, and the prior's mass
  // on the other clusters of the class.
  std::vector<const ClassLevel*> level_of_;
  std::vector<double> mass_elsewhere_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_POSTERIOR_H_
