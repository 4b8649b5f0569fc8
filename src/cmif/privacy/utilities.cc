// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/utilities.h"

#include <algorithm>

namespace cmif::privacy {
namespace {

// Rows are floats of unit norm: two cosines nearer than this are equal up to
// the rounding of the rows.
constexpr double kNoSpread = 1e-6;

double Cosine(std::span<const float> a, std::span<const float> b) {
  double even = 0;
  double odd = 0;
  size_t k = 0;
  for (; k + 1 < a.size(); k += 2) {
    even += static_cast<double>(a[k]) * b[k];
    odd += static_cast<double>(a[k + 1]) * b[k + 1];
  }
  if (k < a.size()) even += static_cast<double>(a[k]) * b[k];
  return even + odd;
}

void NormaliseRow(std::span<double> row) {
  const auto [low, high] = std::minmax_element(row.begin(), row.end());
  const double least = *low;
  const double spread = *high - least;
  for (double& value : row) {
    // As floats, which a channel file keeps: its tables are made from just
    // these numbers.
    value = spread < kNoSpread ? 0.0
                               : double{static_cast<float>(std::clamp(
                                     (value - least) / spread, 0.0, 1.0))};
  }
}

}  // namespace

bool ClusterUtilities::HasSpread() const {
  for (int x = 0; x < k; ++x) {
    const auto row = Row(x);
    const auto [low, high] = std::minmax_element(row.begin(), row.end());
    if (*low != *high) return true;
  }
  return false;
}

ClusterUtilities CosineUtilities(const RowMatrix& rows,
                                 std::span<const int32_t> ids) {
  const size_t k = ids.size();
  ClusterUtilities utilities{static_cast<int>(k),
                             std::vector<double>(k * k, 0.0)};
  auto& values = utilities.values;
  for (size_t x = 0; x < k; ++x) {
    for (size_t y = 0; y <= x; ++y) {
      const double cosine = Cosine(rows.Row(ids[x]), rows.Row(ids[y]));
      values[x * k + y] = cosine;
      values[y * k + x] = cosine;
    }
  }
  for (size_t x = 0; x < k; ++x) {
    NormaliseRow(std::span(values).subspan(x * k, k));
  }
  return utilities;
}

}  // namespace cmif::privacy
