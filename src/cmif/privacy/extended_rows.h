// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_EXTENDED_ROWS_H_
#define CMIF_PRIVACY_EXTENDED_ROWS_H_

#include <cstdint>
#include <span>

#include "cmif/base/status.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// Rows for `task` clusters (reference/privacy.md C12): each row followed by
// weight times what a classifier makes of the word alone. `logits` has `labels`
// values a row: centred within the row, each label then standardised over
// `ids` (mean 0, deviation 1; a constant label stays 0), clipped at +-2.5, and
// scaled by sqrt((labels - 1) / labels), since centred logits are that many
// free values: with two labels, distances are those of one standardised margin.
// Rows of the result are not of unit norm: cluster by them, but measure cosines
// by the plain ones. Rows outside `ids` get the same treatment.
// INVALID_ARGUMENT: not labels >= 2 finite values a row, a weight that is
// negative or not finite, no ids, or an id out of range.
Result<RowMatrix> ExtendRows(const RowMatrix& rows,
                             std::span<const float> logits, int labels,
                             std::span<const int32_t> ids, double weight);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_EXTENDED_ROWS_H_
