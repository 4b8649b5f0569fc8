// SPDX-License-Identifier: Apache-2.0
// The clustering that channel_fuzz.cc and make_corpus.cc agree on.
#ifndef CMIF_FUZZ_SMALL_CLUSTERING_H_
#define CMIF_FUZZ_SMALL_CLUSTERING_H_

#include <memory>

#include "cmif/privacy/clustering.h"

namespace cmif::fuzz {

inline std::shared_ptr<const privacy::Clustering> SmallClustering() {
  return std::make_shared<const privacy::Clustering>(
      privacy::Clustering::Create(12, {{1, 2, 3}, {4}, {5, 6}, {8, 9, 11}})
          .value());
}

}  // namespace cmif::fuzz

#endif  // CMIF_FUZZ_SMALL_CLUSTERING_H_
