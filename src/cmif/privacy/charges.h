// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_CHARGES_H_
#define CMIF_PRIVACY_CHARGES_H_

#include <cstdint>
#include <map>

namespace cmif::privacy {

// How many draws were charged to each cluster: all that an account needs to
// know of a document. Holds cluster numbers, which are public, and no words.
// A plain value; not thread-safe.
class Charges {
 public:
  // `cluster` is an index into Clustering::clusters().
  void Add(int cluster, uint64_t draws = 1) {
    if (draws > 0) by_cluster_[cluster] += draws;
    draws_ += draws;
  }
  void Add(const Charges& other) {
    for (const auto& [cluster, draws] : other.by_cluster_) Add(cluster, draws);
  }

  uint64_t draws() const { return draws_; }
  // Cluster -> draws, never 0.
  const std::map<int, uint64_t>& by_cluster() const { return by_cluster_; }
  bool operator==(const Charges&) const = default;

 private:
  std::map<int, uint64_t> by_cluster_;
  uint64_t draws_ = 0;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CHARGES_H_
