// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_TESTING_RANDOM_ROWS_H_
#define CMIF_PRIVACY_TESTING_RANDOM_ROWS_H_

#include <cstddef>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

// Uniform in [-1, 1) before they are centred.
inline RowMatrix RandomRows(int rows, int width, RandomSource& random) {
  std::vector<float> raw(static_cast<size_t>(rows) *
                         static_cast<size_t>(width));
  for (float& value : raw) {
    value = static_cast<float>(random.Next32()) * 0x1p-31F - 1;
  }
  return CentredUnitRows(rows, width, raw, {}).value();
}

inline RowMatrix RandomRows(int rows, int width, uint64_t insecure_seed) {
  InsecureSeededRandom random(insecure_seed);
  return RandomRows(rows, width, random);
}

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_TESTING_RANDOM_ROWS_H_
