// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/dense_lu.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cmif::privacy {

void DenseLu::Clear() { std::fill(matrix_.begin(), matrix_.end(), 0.0); }

bool DenseLu::Factor() {
  std::vector<double> largest(n_, 0.0);
  for (size_t i = 0; i < n_; ++i) {
    order_[i] = i;
    for (size_t j = 0; j < n_; ++j) {
      largest[i] = std::max(largest[i], std::abs(matrix_[i * n_ + j]));
    }
  }
  for (size_t j = 0; j < n_; ++j) {
    size_t best = j;
    double best_share = -1;
    for (size_t i = j; i < n_; ++i) {
      const double share = std::abs(matrix_[i * n_ + j]) / largest[i];
      if (share > best_share) {
        best = i;
        best_share = share;
      }
    }
    if (best != j) {
      std::swap_ranges(&matrix_[best * n_], &matrix_[best * n_] + n_,
                       &matrix_[j * n_]);
      std::swap(order_[best], order_[j]);
      std::swap(largest[best], largest[j]);
    }
    const double* const top = &matrix_[j * n_];
    if (!(std::abs(top[j]) > 0 && std::isfinite(top[j]))) return false;
    for (size_t i = j + 1; i < n_; ++i) {
      double* const row = &matrix_[i * n_];
      if (row[j] == 0) continue;
      row[j] /= top[j];
      const double factor = row[j];
      for (size_t c = j + 1; c < n_; ++c) row[c] -= factor * top[c];
    }
  }
  return true;
}

void DenseLu::Solve(std::span<double> right) {
  scratch_.resize(n_);
  for (size_t i = 0; i < n_; ++i) {
    double sum = right[order_[i]];
    for (size_t j = 0; j < i; ++j) sum -= matrix_[i * n_ + j] * scratch_[j];
    scratch_[i] = sum;
  }
  for (size_t i = n_; i-- > 0;) {
    double sum = scratch_[i];
    for (size_t j = i + 1; j < n_; ++j) sum -= matrix_[i * n_ + j] * right[j];
    right[i] = sum / matrix_[i * n_ + i];
  }
}

}  // namespace cmif::privacy
