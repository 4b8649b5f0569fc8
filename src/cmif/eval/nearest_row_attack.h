// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_NEAREST_ROW_ATTACK_H_
#define CMIF_EVAL_NEAREST_ROW_ATTACK_H_

#include <cstdint>
#include <functional>
#include <span>

#include "cmif/eval/binomial.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::eval {

// What a server that holds the embedding table (or one like it) makes of the
// rows it receives: the words whose rows are nearest to each.
struct NearestRowResult {
  uint64_t trials = 0;
  uint64_t first = 0;       // the nearest row is the word's (ties count as hit)
  uint64_t in_ten = 0;      // the word's row is among the ten nearest
  Interval first_interval;  // Clopper-Pearson, 95 %
  Interval in_ten_interval;
};

// `sent`: the id whose row was sent for words[i], at index i. Cosines of the
// centred rows, over all rows. Rows that equal another one count for both.
// Cost: words x rows x width multiplications, on up to `threads` threads (0:
// all). Preconditions: spans of one length; ids are rows.
NearestRowResult AttackByNearestRow(const privacy::RowMatrix& rows,
                                    std::span<const int32_t> words,
                                    std::span<const int32_t> sent, int threads);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_NEAREST_ROW_ATTACK_H_
