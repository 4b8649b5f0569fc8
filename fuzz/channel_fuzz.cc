// SPDX-License-Identifier: Apache-2.0
// Hostile channel files for one small clustering: what is accepted certifies
// for its epsilon, can be sampled, and draws stay in the cluster. The seeds
// and this clustering come from make_corpus.cc.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "cmif/base/random.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/sampler.h"
#include "small_clustering.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::privacy;
  static const std::shared_ptr<const Clustering> clustering =
      cmif::fuzz::SmallClustering();
  const std::span<const uint8_t> bytes(data, size);
  const auto channel = Channel::FromBytes(bytes, clustering);
  if (!channel) return 0;
  Require(std::ranges::equal(channel->ToBytes(), bytes));
  Require(channel->epsilon_certified_micro() <= channel->epsilon().micro());
  const auto sampler = Sampler::Create(*channel);
  Require(sampler.has_value());
  cmif::InsecureSeededRandom random(size);
  for (int32_t id = 0; id < clustering->vocabulary_size(); ++id) {
    const int32_t out = sampler->Draw(id, random);
    Require(clustering->cluster_of(out) == clustering->cluster_of(id));
  }
  return 0;
}
