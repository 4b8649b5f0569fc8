// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_SAMPLER_H_
#define CMIF_PRIVACY_SAMPLER_H_

#include <cstdint>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/privacy/channel.h"

namespace cmif::privacy {

// Draws from a channel: one 32-bit random word (two for kTwoLevel, three for
// kMixture), a scan of all columns of a row, no floating point and no branch
// that depends on the word or the outcome. The row's address is that of the
// word (kTwoLevel: of the word that the first stage chose), so what the cache
// holds can still tell words apart (reference/privacy.md 6). The first stages
// divide by a public number, which may take longer for some random words; all
// that such a time tells is the noise. Immutable: concurrent draws are fine,
// each with its own source.
class Sampler {
 public:
  // Certifies every table once more; its errors. Memory: 4 bytes x columns()
  // per id of the vocabulary.
  static Result<Sampler> Create(const Channel& channel);

  // Columns scanned for every word: the largest cluster's size, rounded up.
  int columns() const { return static_cast<int>(columns_); }
  // Whether the id passes Draw() unchanged: it is in no cluster (or outside
  // the vocabulary). Public, as a fixed property of the id.
  bool IsPublic(int32_t id) const {
    return id < 0 || static_cast<size_t>(id) >= row_of_.size() ||
           row_of_[static_cast<size_t>(id)] < 0;
  }

  // The word to send instead of `id`.
  // Precondition: !IsPublic(id), which the caller checks where it decides what
  // is sensitive. A public id comes back unchanged at once, without consuming
  // randomness: that branch is not constant-time.
  int32_t Draw(int32_t id, RandomSource& random) const;

 private:
  Sampler() = default;
  // The first stage of one class.
  struct Level {
    std::vector<uint32_t> representative_rows;  // kTwoLevel: one per cluster
    std::vector<int32_t> words;                 // kMixture
    uint64_t step = 0;
  };
  Result<void> AddClusters(const Channel& channel);
  void AddLevels(const Channel& channel);
  size_t ChooseRow(size_t row, RandomSource& random) const;
  int32_t Mixed(size_t row, int32_t drawn, RandomSource& random) const;

  size_t columns_ = 0;
  Adjacency adjacency_ = Adjacency::kCluster;
  // Vocabulary -> row of bounds_; -1 for public ids.
  std::vector<int32_t> row_of_;
  // Row -> its cluster's place in outputs_.
  std::vector<uint32_t> outputs_of_;
  // Per row, `columns_` inclusive upper bounds (cumulative weight - 1); the
  // last one of the row and the padding are 2^32 - 1.
  std::vector<uint32_t> bounds_;
  std::vector<Level> levels_;
  std::vector<uint32_t> level_of_;  // row -> its class; empty for kCluster
  std::vector<uint32_t> in_level_;  // row -> its cluster's place therein
  // Per cluster, `columns_` ids; the padding repeats 0 and is never drawn.
  std::vector<int32_t> outputs_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_SAMPLER_H_
