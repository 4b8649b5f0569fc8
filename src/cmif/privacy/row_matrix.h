// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_ROW_MATRIX_H_
#define CMIF_PRIVACY_ROW_MATRIX_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"

namespace cmif::privacy {

// One row per id, row-major. Rows are mean-centred and of unit norm (or all
// zero), so that a dot product is the cosine of design.md.
struct RowMatrix {
  int rows = 0;
  int width = 0;
  std::vector<float> values;

  std::span<const float> Row(int32_t id) const {
    return std::span(values).subspan(
        static_cast<size_t>(id) * static_cast<size_t>(width),
        static_cast<size_t>(width));
  }
};

// Subtracts the mean row (over `mean_over_ids`, or over all rows where that is
// empty) and scales to unit norm. A row that is all zero before or after
// centring stays zero. INVALID_ARGUMENT: raw is not rows x width (both at
// least 1), a value is not finite, an id is out of range.
Result<RowMatrix> CentredUnitRows(int rows, int width,
                                  std::span<const float> raw,
                                  std::span<const int32_t> mean_over_ids);

// Mean over all words of clusters of two or more of the word's mean cosine
// with the others of its cluster; 0 where there is none. In [-1, 1].
// Precondition: rows.rows == clustering.vocabulary_size().
double MeanWithinClusterCosine(const RowMatrix& rows,
                               const Clustering& clustering);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_ROW_MATRIX_H_
