// SPDX-License-Identifier: Apache-2.0
// Dot products of many rows with many columns: the cost of clustering.
// Vectorised with run-time dispatch; each has a plain twin for the tests.
#ifndef CMIF_PRIVACY_SCORE_KERNEL_H_
#define CMIF_PRIVACY_SCORE_KERNEL_H_

#include <cstddef>
#include <span>
#include <vector>

namespace cmif::privacy {

// Columns stand in panels of this many, so that the kernel reads them in
// sequence.
inline constexpr size_t kPanelColumns = 32;

// `columns` vectors of `width` floats, packed for ScoreRows(); all zero at
// first. Reading is thread-safe while nobody calls Set().
class PackedColumns {
 public:
  PackedColumns(size_t columns, size_t width);

  size_t width() const { return width_; }
  // Columns including the padding of the last panel: the length of a row of
  // scores.
  size_t padded_columns() const { return panels_ * kPanelColumns; }
  void Set(size_t column, std::span<const float> values);
  // Panel p: element k of its column c is at [k * kPanelColumns + c].
  const float* Panel(size_t p) const {
    return values_.data() + p * width_ * kPanelColumns;
  }

 private:
  size_t width_;
  size_t panels_;
  std::vector<float> values_;
};

// out[r * padded_columns() + c] = rows[r] . column c, each summed in the order
// of k: the result does not depend on how rows are grouped into calls.
// Preconditions: rows of `width()` floats, out of the right size.
void ScoreRows(std::span<const float* const> rows, const PackedColumns& columns,
               std::span<float> out);
void ScoreRowsPlain(std::span<const float* const> rows,
                    const PackedColumns& columns, std::span<float> out);

// a . b for vectors of one length; deterministic on one machine.
float Dot(std::span<const float> a, std::span<const float> b);
float DotPlain(std::span<const float> a, std::span<const float> b);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_SCORE_KERNEL_H_
