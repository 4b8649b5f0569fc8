// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/nearest_unit.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cmif/client/nearest_unit.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cmif::client::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void DotProductsSimd(const int16_t* rows, const int16_t* query, size_t width,
                     size_t count, int32_t* out) {
  const hn::CappedTag<int16_t, 32> d16;
  const hn::RepartitionToWide<decltype(d16)> d32;
  const size_t lanes = hn::Lanes(d16);
  for (size_t row = 0; row < count; ++row) {
    const int16_t* values = rows + row * width;
    auto sum0 = hn::Zero(d32);
    auto sum1 = hn::Zero(d32);
    for (size_t i = 0; i < width; i += lanes) {
      sum0 =
          hn::ReorderWidenMulAccumulate(d32, hn::LoadU(d16, values + i),
                                        hn::LoadU(d16, query + i), sum0, sum1);
    }
    out[row] = hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1)));
  }
}

}  // namespace cmif::client::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cmif::client {
namespace {

constexpr float kScale = 32000.0F;
constexpr size_t kPad = 64;

HWY_EXPORT(DotProductsSimd);

void Quantize(std::span<const float> unit, std::span<int16_t> out) {
  for (size_t i = 0; i < unit.size(); ++i) {
    out[i] = static_cast<int16_t>(std::lround(unit[i] * kScale));
  }
}

bool Normalize(std::span<float> vector) {
  double sum = 0;
  for (const float value : vector) sum += double{value} * value;
  if (!(sum > 1e-20)) return false;
  const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
  for (float& value : vector) value *= scale;
  return true;
}

}  // namespace

void DotProducts(std::span<const int16_t> rows, std::span<const int16_t> query,
                 std::span<int32_t> out) {
  HWY_DYNAMIC_DISPATCH(DotProductsSimd)
  (rows.data(), query.data(), query.size(), out.size(), out.data());
}

void DotProductsScalar(std::span<const int16_t> rows,
                       std::span<const int16_t> query, std::span<int32_t> out) {
  for (size_t row = 0; row < out.size(); ++row) {
    int32_t sum = 0;
    for (size_t i = 0; i < query.size(); ++i) {
      sum += int32_t{rows[row * query.size() + i]} * query[i];
    }
    out[row] = sum;
  }
}

NearestUnit::NearestUnit(const privacy::RowMatrix& rows,
                         std::span<const int32_t> candidates)
    : rows_(rows),
      candidates_(candidates.begin(), candidates.end()),
      padded_width_((static_cast<size_t>(rows.width) + kPad - 1) / kPad * kPad),
      quantized_(candidates.size() * padded_width_) {
  std::vector<float> mean(static_cast<size_t>(rows.width));
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const auto row = rows.Row(candidates_[i]);
    Quantize(row,
             std::span(quantized_).subspan(i * padded_width_, padded_width_));
    for (size_t j = 0; j < row.size(); ++j) mean[j] += row[j];
  }
  central_ = Normalize(mean) ? Search(mean) : candidates_[0];
}

int32_t NearestUnit::Search(std::span<const float> query) const {
  std::vector<int16_t> rounded(padded_width_);
  Quantize(query, rounded);
  std::vector<int32_t> dots(candidates_.size());
  DotProducts(quantized_, rounded, dots);
  const auto best = std::ranges::max_element(dots);
  return candidates_[static_cast<size_t>(best - dots.begin())];
}

int32_t NearestUnit::Find(std::span<const int32_t> ids) const {
  std::vector<float> mean(static_cast<size_t>(rows_.width));
  for (const int32_t id : ids) {
    const auto row = rows_.Row(id);
    for (size_t j = 0; j < row.size(); ++j) mean[j] += row[j];
  }
  return Normalize(mean) ? Search(mean) : central_;
}

}  // namespace cmif::client
#endif  // HWY_ONCE
