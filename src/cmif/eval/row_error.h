// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_ROW_ERROR_H_
#define CMIF_EVAL_ROW_ERROR_H_

#include <cstdint>
#include <span>

#include "cmif/base/status.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/sanitizer.h"

namespace cmif::eval {

// How near the rows that leave are to those of the words that went in: exact
// expectations over x ~ prior (whole words that are not public) and y ~ P(y|x).
struct RowError {
  uint64_t words = 0;
  // E |r(y) - e(x)|^2 / E |e(x) - m|^2, m the mean of the e(x): 1 is as good as
  // one row for all words, whose mean is taken.
  double relative_error = 0;
  // E |r(y)| / E |e(x)|.
  double relative_length = 0;
  // The chance that no other word has just this row: that who holds table and
  // channel reads y from it.
  double told_apart = 0;
};

// Of the rows as they leave, in the table's own type. `prior`: one weight > 0
// per id, or empty for the uniform one. UNIMPLEMENTED: another adjacency than
// that of clusters; FAILED_PRECONDITION: the identity, or no sensitive words;
// PromptRows::Of()'s errors. Cost: words x cluster size x width.
Result<RowError> ExpectedRowError(const client::Sanitizer& sanitizer,
                                  std::span<const double> prior,
                                  client::PromptRows& rows);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_ROW_ERROR_H_
