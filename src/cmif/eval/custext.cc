// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/custext.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cmif/privacy/clustering.h"
#include "cmif/privacy/utilities.h"

namespace cmif::eval {
namespace {

float Dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Result<std::unique_ptr<Custext>> Custext::Create(
    WordTypes types, double epsilon, const CustextOptions& options) {
  CMIF_TRY(CheckWordTypes(types));
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    return InvalidArgument("CUSTEXT's epsilon must be positive and finite");
  }
  if (options.group_size < 2 || options.group_size > privacy::kMaxClusterSize) {
    return InvalidArgument("CUSTEXT takes groups of 2 to 256 words");
  }
  std::unique_ptr<Custext> made(
      new Custext(std::move(types), epsilon, options));
  made->MakeGroups();
  return made;
}

std::string_view Custext::adjacency() const {
  return options_.plus ? "words of one group; stop words leave as they are"
                       : "words of one group";
}

Cover Custext::CoverOf(int32_t type) const {
  if (!types_.Holds(type)) return Cover::kOutOfVocabulary;
  const auto index = static_cast<size_t>(type);
  if (types_.number[index]) return Cover::kNumber;
  if (options_.plus && types_.stop_word[index]) return Cover::kStopWord;
  return types_.HasVector(type) ? Cover::kRandomised : Cover::kOutOfVocabulary;
}

void Custext::MakeGroups() {
  group_of_.assign(static_cast<size_t>(types_.size()), -1);
  std::vector<int32_t> unused;
  for (const int32_t type : ByFrequency(types_)) {
    if (CoverOf(type) == Cover::kRandomised) unused.push_back(type);
  }
  while (!unused.empty()) {
    // Nearest first; the word itself leads whatever its cosine.
    std::vector<std::pair<float, int32_t>> scores;
    scores.reserve(unused.size());
    for (const int32_t type : unused) {
      const float cosine =
          Dot(types_.rows.Row(unused[0]), types_.rows.Row(type));
      scores.emplace_back(type == unused[0] ? -2.0F : -cosine, type);
    }
    const size_t size =
        std::min(scores.size(), static_cast<size_t>(options_.group_size));
    std::ranges::partial_sort(
        scores, scores.begin() + static_cast<std::ptrdiff_t>(size));
    std::vector<int32_t> group;
    for (size_t i = 0; i < size; ++i) {
      group.push_back(scores[i].second);
      group_of_[static_cast<size_t>(scores[i].second)] =
          static_cast<int32_t>(groups_.size());
    }
    groups_.push_back(std::move(group));
    std::erase_if(unused, [&](int32_t type) {
      return group_of_[static_cast<size_t>(type)] >= 0;
    });
  }
}

std::vector<double> Custext::GroupTable(
    const std::vector<int32_t>& group) const {
  const size_t k = group.size();
  const privacy::ClusterUtilities utilities =
      privacy::CosineUtilities(types_.rows, group);
  std::vector<double> table(k * k);
  for (size_t x = 0; x < k; ++x) {
    double sum = 0;
    for (size_t y = 0; y < k; ++y) {
      table[x * k + y] = std::exp(epsilon_ * utilities.values[x * k + y] / 2);
      sum += table[x * k + y];
    }
    for (size_t y = 0; y < k; ++y) table[x * k + y] /= sum;
  }
  return table;
}

std::vector<double> Custext::Distribution(int32_t type) const {
  std::vector<double> out(static_cast<size_t>(types_.size()), 0.0);
  const int32_t place = group_of_[static_cast<size_t>(type)];
  if (place < 0) {
    out[static_cast<size_t>(type)] = 1;
    return out;
  }
  const auto& group = groups_[static_cast<size_t>(place)];
  const size_t k = group.size();
  const std::vector<double> table = GroupTable(group);
  const auto x =
      static_cast<size_t>(std::ranges::find(group, type) - group.begin());
  for (size_t y = 0; y < k; ++y) {
    out[static_cast<size_t>(group[y])] = table[x * k + y];
  }
  return out;
}

double Custext::LargestLoss() const {
  double largest = 0;
  for (const auto& group : groups_) {
    const size_t k = group.size();
    const std::vector<double> table = GroupTable(group);
    for (size_t y = 0; y < k; ++y) {
      double low = table[y];
      double high = table[y];
      for (size_t x = 1; x < k; ++x) {
        low = std::min(low, table[x * k + y]);
        high = std::max(high, table[x * k + y]);
      }
      largest = std::max(largest, std::log(high / low));
    }
  }
  return largest;
}

uint64_t InsecureSeededCustextNumber(uint64_t value,
                                     InsecureSeededRandom& random) {
  constexpr uint32_t kWidth = 1000;
  constexpr uint32_t kLimit = UINT32_MAX / kWidth * kWidth;
  uint32_t word = random.Next32();
  while (word >= kLimit) word = random.Next32();
  return value + word % kWidth;
}

}  // namespace cmif::eval
