// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_UTILITIES_H_
#define CMIF_PRIVACY_UTILITIES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// u(x, y) of one cluster: k x k, row-major, in [0, 1]; row x scores the
// outputs y for the input x.
struct ClusterUtilities {
  int k = 0;
  std::vector<double> values;

  std::span<const double> Row(int x) const {
    return std::span(values).subspan(
        static_cast<size_t>(x) * static_cast<size_t>(k),
        static_cast<size_t>(k));
  }
  // Whether any row has two different utilities. Where none has, no mechanism
  // has anything to prefer: rows are uniform and eps* is 0.
  bool HasSpread() const;
};

// Cosines of the cluster's rows, min-max-normalised per row (CUSTEXT's rule,
// reference/privacy.md 3.1); a row without spread counts as all zero; values
// are rounded to float. Precondition: ids are rows of the matrix.
ClusterUtilities CosineUtilities(const RowMatrix& rows,
                                 std::span<const int32_t> ids);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_UTILITIES_H_
