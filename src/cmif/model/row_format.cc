// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/row_format.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>

namespace cmif::model {
namespace {

constexpr uint32_t kMaxWidth = 65536;

int FindType(std::string_view name) {
  for (int type = 0; type < GGML_TYPE_COUNT; ++type) {
    const auto* traits = ggml_get_type_traits(static_cast<ggml_type>(type));
    if (traits->type_name == nullptr || traits->type_name != name) continue;
    const bool readable =
        type == GGML_TYPE_F32 || (traits->to_float != nullptr);
    return readable && traits->blck_size > 0 ? type : -1;
  }
  return -1;
}

}  // namespace

Result<RowFormat> RowFormat::Create(std::string_view type, uint32_t width) {
  RowFormat format;
  format.ggml_type_ = FindType(type);
  if (format.ggml_type_ < 0) {
    return InvalidArgument(
        fmt::format("rows of type '{}' are not supported; use f32, f16, bf16 "
                    "or one of ggml's quantized types",
                    type.substr(0, 16)));
  }
  const auto ggml = static_cast<ggml_type>(format.ggml_type_);
  if (width == 0 || width > kMaxWidth || width % ggml_blck_size(ggml) != 0) {
    return InvalidArgument(
        fmt::format("a row of {} values cannot be of type {}: the width must "
                    "be a multiple of {} and at most {}",
                    width, type, ggml_blck_size(ggml), kMaxWidth));
  }
  format.type_ = type;
  format.width_ = width;
  format.row_bytes_ = ggml_row_size(ggml, width);
  return format;
}

void RowFormat::Expand(std::span<const uint8_t> row,
                       std::span<float> out) const {
  if (ggml_type_ == GGML_TYPE_F32) {
    std::copy_n(row.data(), row_bytes_, reinterpret_cast<uint8_t*>(out.data()));
    return;
  }
  const auto* traits = ggml_get_type_traits(static_cast<ggml_type>(ggml_type_));
  traits->to_float(row.data(), out.data(), width_);
}

Result<std::vector<uint8_t>> RowFormat::Compress(
    std::span<const float> values) const {
  if (!std::ranges::all_of(values,
                           [](float value) { return std::isfinite(value); })) {
    return InvalidArgument("a row has values that are not finite");
  }
  const auto type = static_cast<ggml_type>(ggml_type_);
  std::vector<uint8_t> row(row_bytes_);
  if (ggml_quantize_requires_imatrix(type) ||
      ggml_quantize_chunk(type, values.data(), row.data(), 0, 1, width_,
                          nullptr) != row_bytes_) {
    return Unimplemented(fmt::format(
        "new rows of type {} cannot be made; convert the model to a type like "
        "f16, q8_0 or q4_0",
        type_));
  }
  return row;
}

}  // namespace cmif::model
