// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/santext.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cmif::eval {
namespace {

double Distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

bool InUnit(double value) { return value >= 0 && value <= 1; }

}  // namespace

Result<std::unique_ptr<Santext>> Santext::Create(
    WordTypes types, double epsilon, std::optional<SantextPlus> plus) {
  CMIF_TRY(CheckWordTypes(types));
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    return InvalidArgument("SANTEXT's epsilon must be positive and finite");
  }
  if (plus && (!InUnit(plus->sensitive_share) || plus->sensitive_share == 0 ||
               !InUnit(plus->replace_probability))) {
    return InvalidArgument(
        "SANTEXT+ takes a sensitive share in (0, 1] and a probability in "
        "[0, 1]");
  }
  std::unique_ptr<Santext> made(new Santext(std::move(types), epsilon, plus));
  const auto size = static_cast<size_t>(made->types_.size());
  const std::vector<int32_t> order = ByFrequency(made->types_);
  const double share = plus ? plus->sensitive_share : 1;
  const auto frequent = static_cast<size_t>(
      std::floor((1 - share) * static_cast<double>(size) + 1e-9));
  made->sensitive_.assign(size, false);
  for (size_t rank = frequent; rank < size; ++rank) {
    const int32_t type = order[rank];
    made->sensitive_[static_cast<size_t>(type)] = made->types_.HasVector(type);
  }
  if (std::ranges::find(made->sensitive_, true) == made->sensitive_.end()) {
    return InvalidArgument("no sensitive word has a vector");
  }
  return made;
}

std::string_view Santext::adjacency() const {
  return plus_ ? "metric: eps x distance, between words of the sensitive set "
                 "alone; other words mostly leave as they are"
               : "metric: eps x distance between the two words' vectors";
}

Cover Santext::CoverOf(int32_t type) const {
  return types_.HasVector(type) ? Cover::kRandomised : Cover::kOutOfVocabulary;
}

std::vector<double> Santext::Distribution(int32_t type) const {
  const auto size = static_cast<size_t>(types_.size());
  std::vector<double> out(size, 0.0);
  const auto self = static_cast<size_t>(type);
  if (CoverOf(type) != Cover::kRandomised) {
    out[self] = 1;
    return out;
  }
  std::vector<double> distances(size, 0.0);
  double nearest = std::numeric_limits<double>::infinity();
  for (size_t y = 0; y < size; ++y) {
    if (!sensitive_[y]) continue;
    distances[y] =
        Distance(types_.rows.Row(type), types_.rows.Row(static_cast<int>(y)));
    nearest = std::min(nearest, distances[y]);
  }
  double sum = 0;
  for (size_t y = 0; y < size; ++y) {
    if (!sensitive_[y]) continue;
    out[y] = std::exp(-epsilon_ * (distances[y] - nearest) / 2);
    sum += out[y];
  }
  const double drawn =
      sensitive_[self] || !plus_ ? 1 : plus_->replace_probability;
  for (double& probability : out) probability *= drawn / sum;
  out[self] += 1 - drawn;
  return out;
}

}  // namespace cmif::eval
