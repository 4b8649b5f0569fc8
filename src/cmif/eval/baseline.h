// SPDX-License-Identifier: Apache-2.0
// The published text sanitizers that CMIF is compared with, for evaluation
// alone: none of them is offered by any command that protects a text.
#ifndef CMIF_EVAL_BASELINE_H_
#define CMIF_EVAL_BASELINE_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::eval {

// The word types of a corpus, as a baseline sees them. Type t has row t, the
// flags and the count at index t; a running word that is no type is -1.
struct WordTypes {
  // A row that is all zero: the word has no vector.
  privacy::RowMatrix rows;
  std::vector<uint64_t> counts;
  std::vector<bool> stop_word;
  std::vector<bool> number;

  int size() const { return rows.rows; }
  bool HasVector(int32_t type) const;
  bool Holds(int32_t type) const { return type >= 0 && type < size(); }
};

// INVALID_ARGUMENT: no type, or lists that do not have one entry for each row.
Result<void> CheckWordTypes(const WordTypes& types);

// What a baseline does with a running word. All but kRandomised are uncovered:
// the word itself (or, for a number, its neighbourhood) leaves.
enum class Cover { kRandomised, kOutOfVocabulary, kNumber, kStopWord };

// One published mechanism over the types of a corpus. Immutable: concurrent
// use is fine, each with its own random source.
class TextSanitizerBaseline {
 public:
  virtual ~TextSanitizerBaseline() = default;

  virtual std::string_view name() const = 0;
  // What its epsilon is about; to be printed wherever epsilon() is.
  virtual std::string_view adjacency() const = 0;
  virtual double epsilon() const = 0;
  // kOutOfVocabulary for whatever is no type or has no vector.
  virtual Cover CoverOf(int32_t type) const = 0;
  // P(y | type) for every type y; sums to 1 up to rounding. All on the type
  // itself where CoverOf() is not kRandomised. Precondition: it is a type.
  virtual std::vector<double> Distribution(int32_t type) const = 0;
};

// A draw from Distribution() with an explicitly seeded generator: reproducible
// and therefore not private. Consumes two words. Uncovered words and what is
// no type come back unchanged, without consuming any.
int32_t InsecureSeededDraw(const TextSanitizerBaseline& baseline, int32_t type,
                           InsecureSeededRandom& random);

// Running words by what happens to them.
struct Coverage {
  uint64_t words = 0;
  uint64_t randomised = 0;
  uint64_t out_of_vocabulary = 0;
  uint64_t numbers = 0;
  uint64_t stop_words = 0;
};
Coverage CountCoverage(const TextSanitizerBaseline& baseline,
                       std::span<const int32_t> running_words);

// Types by falling count; equal counts by rising id.
std::vector<int32_t> ByFrequency(const WordTypes& types);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_BASELINE_H_
