// SPDX-License-Identifier: Apache-2.0
// Hostile channels: what is accepted certifies for its epsilon, can be sampled,
// and draws stay in the cluster, or among the sensitive words.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cmif/base/random.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/sampler.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::privacy;
  const std::span<const uint8_t> bytes(data, size);
  const auto channel = Channel::FromBytes(bytes);
  if (!channel) return 0;
  Require(std::ranges::equal(channel->ToBytes(), bytes));
  for (size_t c = 0; c < channel->tables().size(); ++c) {
    Require(channel->tables()[c].loss_micro <= channel->EpsilonOf(c).micro());
  }
  const auto sampler = Sampler::Create(*channel);
  Require(sampler.has_value());
  cmif::InsecureSeededRandom random(size);
  const Clustering& clustering = channel->clustering();
  const bool within = channel->spec().adjacency == Adjacency::kCluster;
  const int32_t last = std::min(clustering.vocabulary_size(), 1000);
  for (int32_t id = 0; id < last; ++id) {
    const int32_t out = sampler->Draw(id, random);
    Require((clustering.cluster_of(out) < 0) ==
            (clustering.cluster_of(id) < 0));
    Require(!within || clustering.cluster_of(out) == clustering.cluster_of(id));
  }
  return 0;
}
