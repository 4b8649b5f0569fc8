// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/row_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace cmif::privacy {
namespace {

// Relative to the raw row: what centring leaves of a row equal to the mean is
// rounding, not direction.
constexpr double kNothing = 1e-6;

Result<void> CheckRows(int rows, int width, std::span<const float> raw) {
  if (rows < 1 || width < 1 ||
      raw.size() != static_cast<size_t>(rows) * static_cast<size_t>(width)) {
    return InvalidArgument(fmt::format("{} values are not {} rows of {}",
                                       raw.size(), rows, width));
  }
  for (size_t i = 0; i < raw.size(); ++i) {
    if (!std::isfinite(raw[i])) {
      return InvalidArgument(
          fmt::format("row {} has a value that is not "
                      "finite",
                      i / static_cast<size_t>(width)));
    }
  }
  return {};
}

std::vector<double> MeanRow(int rows, size_t width, std::span<const float> raw,
                            std::span<const int32_t> ids) {
  std::vector<double> mean(width, 0.0);
  const size_t count = ids.empty() ? static_cast<size_t>(rows) : ids.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t id = ids.empty() ? i : static_cast<size_t>(ids[i]);
    for (size_t k = 0; k < width; ++k) mean[k] += raw[id * width + k];
  }
  for (double& value : mean) value /= static_cast<double>(count);
  return mean;
}

void CentreRow(std::span<const float> raw, std::span<const double> mean,
               std::span<float> out) {
  double raw_norm2 = 0;
  double norm2 = 0;
  for (size_t k = 0; k < raw.size(); ++k) {
    const double value = raw[k] - mean[k];
    raw_norm2 += static_cast<double>(raw[k]) * raw[k];
    norm2 += value * value;
  }
  if (raw_norm2 == 0 || norm2 <= kNothing * kNothing * raw_norm2) return;
  const double scale = 1.0 / std::sqrt(norm2);
  for (size_t k = 0; k < raw.size(); ++k) {
    out[k] = static_cast<float>((raw[k] - mean[k]) * scale);
  }
}

double SquaredNorm(std::span<const double> row) {
  double sum = 0;
  for (const double value : row) sum += value * value;
  return sum;
}

}  // namespace

Result<RowMatrix> CentredUnitRows(int rows, int width,
                                  std::span<const float> raw,
                                  std::span<const int32_t> mean_over_ids) {
  CMIF_TRY(CheckRows(rows, width, raw));
  for (const int32_t id : mean_over_ids) {
    if (id < 0 || id >= rows) {
      return InvalidArgument(
          fmt::format("an id to average over is outside the {} rows", rows));
    }
  }
  const auto span_width = static_cast<size_t>(width);
  const auto mean = MeanRow(rows, span_width, raw, mean_over_ids);
  RowMatrix matrix{rows, width, std::vector<float>(raw.size(), 0.0F)};
  for (size_t i = 0; i < static_cast<size_t>(rows); ++i) {
    CentreRow(raw.subspan(i * span_width, span_width), mean,
              std::span(matrix.values).subspan(i * span_width, span_width));
  }
  return matrix;
}

double MeanWithinClusterCosine(const RowMatrix& rows,
                               const Clustering& clustering) {
  // sum over x != y of cos(x, y) = |sum of rows|^2 - sum of |row|^2.
  double total = 0;
  double words = 0;
  std::vector<double> sum(static_cast<size_t>(rows.width));
  for (const auto& cluster : clustering.clusters()) {
    if (cluster.size() < 2) continue;
    std::fill(sum.begin(), sum.end(), 0.0);
    double own = 0;
    for (const int32_t id : cluster) {
      const auto row = rows.Row(id);
      for (size_t k = 0; k < row.size(); ++k) {
        sum[k] += row[k];
        own += static_cast<double>(row[k]) * row[k];
      }
    }
    total += (SquaredNorm(sum) - own) / static_cast<double>(cluster.size() - 1);
    words += static_cast<double>(cluster.size());
  }
  return words == 0 ? 0.0 : total / words;
}

}  // namespace cmif::privacy
