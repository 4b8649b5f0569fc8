// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/extended_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cmif::privacy {
namespace {

constexpr double kClip = 2.5;  // reference/privacy.md C12

Result<void> Check(const RowMatrix& rows, std::span<const float> logits,
                   int labels, std::span<const int32_t> ids, double weight) {
  if (labels < 2 || logits.size() != static_cast<size_t>(rows.rows) *
                                         static_cast<size_t>(labels)) {
    return InvalidArgument(fmt::format("{} values for {} rows of {} labels",
                                       logits.size(), rows.rows, labels));
  }
  if (!std::isfinite(weight) || weight < 0) {
    return InvalidArgument("the weight of the task must be finite, 0 or more");
  }
  if (!std::ranges::all_of(logits, [](float l) { return std::isfinite(l); })) {
    return InvalidArgument("the model gives a word a value that is not finite");
  }
  const auto bad = [&](int32_t id) { return id < 0 || id >= rows.rows; };
  if (ids.empty() || std::ranges::any_of(ids, bad)) {
    return InvalidArgument("no ids to standardise over, or one out of range");
  }
  return {};
}

// The logits, each row's mean taken off.
std::vector<double> Centred(std::span<const float> logits, size_t labels) {
  std::vector<double> centred(logits.begin(), logits.end());
  for (size_t start = 0; start < centred.size(); start += labels) {
    double mean = 0;
    for (size_t l = 0; l < labels; ++l) mean += centred[start + l];
    mean /= static_cast<double>(labels);
    for (size_t l = 0; l < labels; ++l) centred[start + l] -= mean;
  }
  return centred;
}

void Standardise(std::span<double> values, size_t labels, size_t label,
                 std::span<const int32_t> ids) {
  const auto at = [&](size_t row) -> double& {
    return values[row * labels + label];
  };
  const auto count = static_cast<double>(ids.size());
  double mean = 0;
  for (const int32_t id : ids) mean += at(static_cast<size_t>(id));
  mean /= count;
  double variance = 0;
  for (const int32_t id : ids) {
    const double off = at(static_cast<size_t>(id)) - mean;
    variance += off * off;
  }
  const double deviation = std::sqrt(variance / count);
  for (size_t row = 0; row < values.size() / labels; ++row) {
    at(row) = deviation > 1e-12 ? (at(row) - mean) / deviation : 0.0;
  }
}

}  // namespace

Result<RowMatrix> ExtendRows(const RowMatrix& rows,
                             std::span<const float> logits, int labels,
                             std::span<const int32_t> ids, double weight) {
  CMIF_TRY(Check(rows, logits, labels, ids, weight));
  const auto count = static_cast<size_t>(labels);
  std::vector<double> task = Centred(logits, count);
  for (size_t l = 0; l < count; ++l) Standardise(task, count, l, ids);
  const double scale =
      weight * std::sqrt(static_cast<double>(labels - 1) / labels);
  RowMatrix extended{rows.rows, rows.width + labels, {}};
  extended.values.reserve(static_cast<size_t>(rows.rows) *
                          static_cast<size_t>(extended.width));
  for (int32_t id = 0; id < rows.rows; ++id) {
    const auto row = rows.Row(id);
    extended.values.insert(extended.values.end(), row.begin(), row.end());
    for (size_t l = 0; l < count; ++l) {
      const double value = task[static_cast<size_t>(id) * count + l];
      extended.values.push_back(
          static_cast<float>(scale * std::clamp(value, -kClip, kClip)));
    }
  }
  return extended;
}

}  // namespace cmif::privacy
