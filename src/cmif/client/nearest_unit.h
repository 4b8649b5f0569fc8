// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_NEAREST_UNIT_H_
#define CMIF_CLIENT_NEAREST_UNIT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/privacy/row_matrix.h"

namespace cmif::client {

// The nearest whole-word unit of a word of several tokens, by cosine of
// mean-centred rows: a public function of the table. Rows and query are
// rounded to 16-bit integers (scale 32,000 on unit vectors, so that a dot
// product stays below 2^30 by Cauchy-Schwarz) and compared in integers, so
// that every machine finds the same unit. Immutable; thread-safe. A search
// reads all rows: 23,000 x 384 takes about 1 ms.
class NearestUnit {
 public:
  // `candidates`: ids of the units to choose from, ascending, at least one.
  NearestUnit(const privacy::RowMatrix& rows,
              std::span<const int32_t> candidates);

  // The candidate nearest to the mean of the rows `ids`; ties: the lowest id.
  // A mean of zero (or no ids at all) gives central().
  int32_t Find(std::span<const int32_t> ids) const;

  // The candidate nearest to the mean of all candidates: stands for words of
  // which the tokenizer knows nothing.
  int32_t central() const { return central_; }

 private:
  int32_t Search(std::span<const float> query) const;

  const privacy::RowMatrix& rows_;
  std::vector<int32_t> candidates_;
  size_t padded_width_;
  std::vector<int16_t> quantized_;
  int32_t central_ = 0;
};

// The dot products of each row of `rows` (count x width, width a multiple of
// 64) with `query`; SIMD with run-time dispatch, and its scalar twin.
void DotProducts(std::span<const int16_t> rows, std::span<const int16_t> query,
                 std::span<int32_t> out);
void DotProductsScalar(std::span<const int16_t> rows,
                       std::span<const int16_t> query, std::span<int32_t> out);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_NEAREST_UNIT_H_
