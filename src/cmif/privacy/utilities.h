// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_UTILITIES_H_
#define CMIF_PRIVACY_UTILITIES_H_

#include <algorithm>
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

// Whether all are in [0, 1]; a NaN is not.
template <typename Value>
bool InUnitInterval(const std::vector<Value>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](Value value) { return value >= 0 && value <= 1; });
}

// The medoid of a cluster: the word y of the largest sum_x share(x) u(x, y);
// of equals the first. `utilities` is k x k, row-major, k = shares.size() > 0.
template <typename Value>
size_t MedoidOf(const std::vector<Value>& utilities,
                std::span<const double> shares) {
  const size_t k = shares.size();
  std::vector<double> sums(k);
  for (size_t x = 0; x < k; ++x) {
    for (size_t y = 0; y < k; ++y) {
      sums[y] += shares[x] * double{utilities[x * k + y]};
    }
  }
  return static_cast<size_t>(std::max_element(sums.begin(), sums.end()) -
                             sums.begin());
}

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_UTILITIES_H_
