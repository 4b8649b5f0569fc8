// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_TEXT_BASELINES_H_
#define CMIF_EVAL_TEXT_BASELINES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/units.h"
#include "cmif/eval/text_units.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::eval {

// Baselines over the word types of the attacked texts.
struct BaselineFigures {
  std::string name;
  std::string adjacency;
  double epsilon = 0;
  // max ln P(y|x)/P(y|x') under that adjacency; absent where it is no number
  // per pair (metric guarantees).
  std::optional<double> epsilon_star;
  double keep = 0;  // mean over the running words, uncovered ones count as 1
  uint64_t words = 0;
  uint64_t out_of_vocabulary = 0;
  uint64_t numbers = 0;
  uint64_t stop_words = 0;
};

// SANTEXT, SANTEXT+, CUSTEXT and CUSTEXT+ (published defaults) over the word
// types of these texts, with the model's own rows as vectors: a word whose
// unit is not itself counts as out of vocabulary. At most kMaxBaselineTypes
// types, the most frequent ones; rarer words count as out of vocabulary too.
inline constexpr size_t kMaxBaselineTypes = 4000;
Result<std::vector<BaselineFigures>> MeasureBaselines(
    const client::UnitTable& units, const privacy::RowMatrix& rows,
    std::span<const UnitText> texts, double epsilon);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_TEXT_BASELINES_H_
