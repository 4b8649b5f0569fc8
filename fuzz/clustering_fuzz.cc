// SPDX-License-Identifier: Apache-2.0
// Hostile clusterings: what is accepted is a partition, and is written as the
// same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "cmif/privacy/clustering.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto clustering = cmif::privacy::Clustering::FromBytes(bytes);
  if (!clustering) return 0;
  Require(std::ranges::equal(clustering->ToBytes(), bytes));
  const auto& clusters = clustering->clusters();
  for (size_t c = 0; c < clusters.size(); ++c) {
    Require(!clusters[c].empty());
    for (size_t i = 0; i < clusters[c].size(); ++i) {
      const int32_t id = clusters[c][i];
      Require(id >= 0 && id < clustering->vocabulary_size());
      Require(clustering->cluster_of(id) == static_cast<int>(c));
      Require(clustering->position_in_cluster(id) == static_cast<int>(i));
    }
  }
  (void)clustering->ClusterBits();
  return 0;
}
