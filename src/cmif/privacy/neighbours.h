// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_NEIGHBOURS_H_
#define CMIF_PRIVACY_NEIGHBOURS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// What every place that reports on lists of neighbours prints.
inline constexpr std::string_view kNeighboursGuarantee = "guarantee: none";

// The paper's reading: every word is replaced by one of its own K nearest
// words, itself included. The lists are NOT a partition: an output that is in
// the list of x and not in that of x' tells x from x' for certain, so eps* is
// infinite whatever noise is added (reference/privacy.md 3.3). For evaluation
// alone: no Channel can be made of it, nothing in production uses it.
class UncheckedNeighbours {
 public:
  // Per id of a class >= 0: the `size` ids of its class with the largest
  // cosine (itself first; fewer where the class is smaller), each with the
  // exact probability that `mechanism` selects it, at the textbook's scale for
  // epsilon, by utilities as in CosineUtilities(). INVALID_ARGUMENT: size not
  // 2 to 256, class_of not one entry per row. NOT_FOUND: a mechanism that has
  // no noise scale, or none of that name. Cost: rows^2 dot products; memory
  // 8 bytes x size per id.
  static Result<UncheckedNeighbours> Create(const RowMatrix& rows,
                                            std::span<const int32_t> class_of,
                                            int size,
                                            std::string_view mechanism,
                                            Epsilon epsilon, int threads,
                                            const ProgressFn& progress = {});

  // Empty for public ids and ids outside the vocabulary. weights: of a row sum
  // of 2^32, in the order of the ids; empty where the list has one id.
  std::span<const int32_t> List(int32_t id) const;
  std::span<const uint32_t> Weights(int32_t id) const;

  // The word to use instead of `id`; consumes one word of `random` unless the
  // id is public. Not constant-time.
  int32_t Draw(int32_t id, RandomSource& random) const;

  // Ordered pairs (x, y in the list of x) whose list of y lacks x: each
  // witnesses that eps* is infinite.
  size_t OneWayPairs() const;

 private:
  UncheckedNeighbours() = default;
  std::vector<std::vector<int32_t>> lists_;
  std::vector<std::vector<uint32_t>> weights_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_NEIGHBOURS_H_
