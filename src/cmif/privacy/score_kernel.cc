// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/score_kernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cmif/privacy/score_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// foreach_target.h comes first.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cmif::privacy::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// At most half a panel per vector, so that two of them always fit.
using Tag = HWY_CAPPED(float, kPanelColumns / 2);

// kRows x (2 vectors) scores in registers: 12 accumulators of 6 rows hide the
// latency of multiply-add on two ports.
template <size_t kRows>
void ScoreTile(const float* const* rows, const float* panel, size_t width,
               float* out, size_t stride) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  for (size_t c = 0; c < kPanelColumns; c += 2 * lanes) {
    // Arrays of vectors: sized types only on fixed-size targets; these
    // sums are what the compiler keeps in registers.
    hn::Vec<Tag> left[kRows];
    hn::Vec<Tag> right[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      left[r] = hn::Zero(d);
      right[r] = hn::Zero(d);
    }
    const float* column = panel + c;
    for (size_t k = 0; k < width; ++k, column += kPanelColumns) {
      const auto b0 = hn::LoadU(d, column);
      const auto b1 = hn::LoadU(d, column + lanes);
      for (size_t r = 0; r < kRows; ++r) {
        const auto a = hn::Set(d, rows[r][k]);
        left[r] = hn::MulAdd(a, b0, left[r]);
        right[r] = hn::MulAdd(a, b1, right[r]);
      }
    }
    for (size_t r = 0; r < kRows; ++r) {
      hn::StoreU(left[r], d, out + r * stride + c);
      hn::StoreU(right[r], d, out + r * stride + c + lanes);
    }
  }
}

void ScoreRowsTarget(const float* const* rows, size_t count,
                     const PackedColumns& columns, float* out) {
  constexpr size_t kRows = 6;
  const size_t stride = columns.padded_columns();
  const size_t width = columns.width();
  for (size_t p = 0; p < stride / kPanelColumns; ++p) {
    const float* panel = columns.Panel(p);
    float* target = out + p * kPanelColumns;
    size_t r = 0;
    for (; r + kRows <= count; r += kRows) {
      ScoreTile<kRows>(rows + r, panel, width, target + r * stride, stride);
    }
    for (; r < count; ++r) {
      ScoreTile<1>(rows + r, panel, width, target + r * stride, stride);
    }
  }
}

float DotTarget(const float* a, const float* b, size_t width) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  size_t k = 0;
  for (; k + 2 * lanes <= width; k += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + k), hn::LoadU(d, b + k), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + k + lanes), hn::LoadU(d, b + k + lanes),
                      sum1);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; k < width; ++k) total += a[k] * b[k];
  return total;
}

}  // namespace cmif::privacy::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cmif::privacy {

HWY_EXPORT(ScoreRowsTarget);
HWY_EXPORT(DotTarget);

PackedColumns::PackedColumns(size_t columns, size_t width)
    : width_(width),
      panels_((columns + kPanelColumns - 1) / kPanelColumns),
      values_(panels_ * width * kPanelColumns, 0.0F) {}

void PackedColumns::Set(size_t column, std::span<const float> values) {
  float* target = values_.data() +
                  column / kPanelColumns * width_ * kPanelColumns +
                  column % kPanelColumns;
  for (size_t k = 0; k < width_; ++k) target[k * kPanelColumns] = values[k];
}

void ScoreRows(std::span<const float* const> rows, const PackedColumns& columns,
               std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(ScoreRowsTarget)
  (rows.data(), rows.size(), columns, out.data());
}

void ScoreRowsPlain(std::span<const float* const> rows,
                    const PackedColumns& columns, std::span<float> out) {
  const size_t stride = columns.padded_columns();
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < stride; ++c) {
      const float* column =
          columns.Panel(c / kPanelColumns) + c % kPanelColumns;
      float sum = 0;
      for (size_t k = 0; k < columns.width(); ++k) {
        sum += rows[r][k] * column[k * kPanelColumns];
      }
      out[r * stride + c] = sum;
    }
  }
}

float Dot(std::span<const float> a, std::span<const float> b) {
  return HWY_DYNAMIC_DISPATCH(DotTarget)(a.data(), b.data(), a.size());
}

float DotPlain(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace cmif::privacy
#endif  // HWY_ONCE
