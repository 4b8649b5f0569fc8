// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_NEIGHBOURS_H_
#define CMIF_PRIVACY_NEIGHBOURS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/row_matrix.h"
#include "cmif/privacy/scaled_mechanism.h"

namespace cmif::privacy {

// What every place that reports on lists of neighbours prints.
inline constexpr std::string_view kNeighboursGuarantee = "guarantee: none";

// Why whoever asks to deploy them is refused.
inline constexpr std::string_view kNeighboursRefusal =
    "neighbours are one list for each word, no clusters (guarantee: none): an "
    "output of one list alone tells its word; they cannot be deployed. cmif "
    "channel compare --neighbours K shows what they would do";

// The paper's reading: every word is replaced by one of its own K nearest
// words, itself included. The lists are NOT a partition: an output that is in
// the list of x and not in that of x' tells x from x' for certain, so eps* is
// infinite whatever noise is added (reference/privacy.md 3.3). For evaluation
// alone: no Channel can be made of it, nothing in production uses it.
// Immutable: thread-safe.
class UncheckedNeighbours {
 public:
  // Per id of a class >= 0: the `size` ids of its class with the largest
  // cosine (itself first, then nearest first, of equals the lower id; fewer
  // where the class is smaller). INVALID_ARGUMENT: size not 2 to 256, class_of
  // not one entry per row. Cost: the squares of the classes' sizes in dot
  // products; memory 16 bytes x size per id.
  static Result<UncheckedNeighbours> Create(const RowMatrix& rows,
                                            std::span<const int32_t> class_of,
                                            int size, int threads,
                                            const ProgressFn& progress = {});

  // How many ids of the vocabulary there are, public ones too.
  size_t vocabulary_size() const { return lists_.size(); }

  // Empty for public ids and ids outside the vocabulary. Cosines: of the word
  // and each of its list; utilities: the same normalised to [0, 1] over the
  // list (all 0 where they are equal).
  std::span<const int32_t> List(int32_t id) const;
  std::span<const float> Cosines(int32_t id) const;
  std::span<const double> Utilities(int32_t id) const;

  // With which weights, of a row sum of 2^32, the mechanism selects each word
  // of the list at the textbook's scale for epsilon; empty for lists of fewer
  // than two words.
  std::vector<uint32_t> Weights(int32_t id, const ScaledMechanism& mechanism,
                                Epsilon epsilon) const;

  // Ordered pairs (x, y in the list of x, y not x), and those of them whose
  // list of y lacks x: each of these witnesses that eps* is infinite.
  size_t Pairs() const;
  size_t OneWayPairs() const;

 private:
  struct Neighbours {
    std::vector<int32_t> ids;
    std::vector<float> cosines;
    std::vector<double> utilities;
  };
  UncheckedNeighbours() = default;
  // The lists of one class's ids.
  void AddClass(const RowMatrix& rows, std::span<const int32_t> ids,
                size_t size, int threads, const ProgressFn& progress);
  const Neighbours& Of(int32_t id) const;
  std::vector<Neighbours> lists_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_NEIGHBOURS_H_
