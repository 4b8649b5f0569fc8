// SPDX-License-Identifier: Apache-2.0
// Adjacency beyond the cluster: how a channel hides which cluster of its class
// a word is of (reference/privacy.md 3.3, constructions B and D). Exact, in
// integers, like certify.h. Pure functions: thread-safe.
#ifndef CMIF_PRIVACY_CLASS_LEVEL_H_
#define CMIF_PRIVACY_CLASS_LEVEL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// Which words epsilon keeps apart: those of one cluster (the cluster itself is
// public), or all sensitive words of one class.
enum class Adjacency : uint8_t { kCluster = 0, kTwoLevel = 1, kMixture = 2 };

// "cluster", "two-level", "mixture".
std::string_view AdjacencyName(Adjacency adjacency);
// INVALID_ARGUMENT, listing the names.
Result<Adjacency> ParseAdjacency(std::string_view name);

// What happens to the words of one class before, or beside, their tables.
struct ClassLevel {
  std::vector<int32_t> clusters;  // indices into the clustering, ascending
  uint64_t words = 0;
  // kTwoLevel: each other cluster of the class is taken with probability
  // step / 2^32, the word's own with the rest. kMixture: each word of the
  // class comes out with probability step / 2^64 whatever went in, the table
  // is asked with the rest. 0: the class has one cluster, or kCluster.
  uint64_t step = 0;
  // eps* of the whole class (of its worst cluster for kCluster), in micro-eps.
  uint64_t loss_micro = 0;
};

// The same as chances. An output y comes of an input x of its own cluster with
// keep P(y|x) + any_word, where P is the cluster's table, and of an input of
// another cluster of the class with elsewhere P(y|representative) + any_word.
struct ClassStage {
  double keep = 1;
  double elsewhere = 0;
  double any_word = 0;
};
// Of a level of kTwoLevel or kMixture. Exact but for the rounding of each.
ClassStage StageOf(const ClassLevel& level, Adjacency adjacency);

struct ClassLevelInput {
  const Clustering& clustering;
  std::span<const ClusterTable> tables;  // certified, losses set
  // Position in its cluster of each cluster's representative.
  std::span<const int32_t> representatives;
};

// The level of one class under two-level randomised response: the least step
// whose keep / step ratio is within `epsilon_cluster`, so that any two words
// of the class differ by at most epsilon_cluster + epsilon, where epsilon is
// the largest of its clusters; loss_micro is what it really is. `clusters` is
// not empty. INVALID_ARGUMENT: the sum of both is above 16.
Result<ClassLevel> TwoLevel(const ClassLevelInput& input,
                            std::vector<int32_t> clusters, Epsilon epsilon,
                            Epsilon epsilon_cluster);

// The level of one class under (1 - l) M + l U: the least l that keeps any two
// words of the class within `epsilon`.
ClassLevel Mixture(const ClassLevelInput& input, std::vector<int32_t> clusters,
                   Epsilon epsilon);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CLASS_LEVEL_H_
