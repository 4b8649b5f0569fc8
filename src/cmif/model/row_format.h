// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_ROW_FORMAT_H_
#define CMIF_MODEL_ROW_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::model {

// How one row of an embedding table is stored: a ggml type and a width. Rows
// keep this form in memory and on the wire (q8_0: 34 bytes for 32 values) and
// are expanded to f32 just before the model reads them. A value; thread-safe.
class RowFormat {
 public:
  // `type` is ggml's name: f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_K,
  // q5_K, q6_K, q2_K, q3_K, ... INVALID_ARGUMENT for unknown or integer types,
  // a width of zero or above 65,536, or one that the type's block does not
  // divide.
  static Result<RowFormat> Create(std::string_view type, uint32_t width);

  const std::string& type() const { return type_; }
  uint32_t width() const { return width_; }
  size_t row_bytes() const { return row_bytes_; }
  int type_number() const { return ggml_type_; }  // of enum ggml_type

  // Expands one row: row.size() == row_bytes(), out.size() == width().
  void Expand(std::span<const uint8_t> row, std::span<float> out) const;

  // The reverse, as good as the type allows: ggml's own quantiser, without an
  // importance matrix. values.size() == width(). Equal values give equal bytes.
  // INVALID_ARGUMENT: a value is not finite. UNIMPLEMENTED: a type that ggml
  // only quantizes with such a matrix (iq1_s, iq2_xs, ...) or not at all.
  Result<std::vector<uint8_t>> Compress(std::span<const float> values) const;

  bool operator==(const RowFormat&) const = default;

 private:
  RowFormat() = default;
  std::string type_;
  int ggml_type_ = 0;
  uint32_t width_ = 0;
  size_t row_bytes_ = 0;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_ROW_FORMAT_H_
