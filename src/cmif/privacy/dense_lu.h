// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_DENSE_LU_H_
#define CMIF_PRIVACY_DENSE_LU_H_

#include <cstddef>
#include <span>
#include <vector>

namespace cmif::privacy {

// Solves n linear equations by Gaussian elimination with row exchanges, each
// row's pivot candidates being measured against the row's largest entry.
// Deterministic. One thread at a time.
class DenseLu {
 public:
  explicit DenseLu(size_t n) : n_(n), matrix_(n * n), order_(n) {}

  // The matrix to fill, row-major, n x n; all 0 after Clear().
  std::span<double> matrix() { return matrix_; }
  void Clear();
  // Factors what matrix() holds, in its place. False where it is singular up
  // to rounding or not finite.
  bool Factor();
  // After Factor(): the solution in place of the n right sides.
  void Solve(std::span<double> right);

 private:
  size_t n_;
  std::vector<double> matrix_;
  std::vector<size_t> order_;  // order_[i]: the original row now at i
  std::vector<double> scratch_;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_DENSE_LU_H_
