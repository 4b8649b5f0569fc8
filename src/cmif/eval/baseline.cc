// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/baseline.h"

#include <algorithm>
#include <numeric>

namespace cmif::eval {

bool WordTypes::HasVector(int32_t type) const {
  return Holds(type) &&
         std::ranges::any_of(rows.Row(type), [](float v) { return v != 0; });
}

Result<void> CheckWordTypes(const WordTypes& types) {
  const auto size = static_cast<size_t>(std::max(types.size(), 0));
  if (size == 0) return InvalidArgument("a baseline needs at least one word");
  if (types.counts.size() != size || types.stop_word.size() != size ||
      types.number.size() != size) {
    return InvalidArgument("counts and flags must have one entry for each row");
  }
  return {};
}

int32_t InsecureSeededDraw(const TextSanitizerBaseline& baseline, int32_t type,
                           InsecureSeededRandom& random) {
  if (baseline.CoverOf(type) != Cover::kRandomised) return type;
  const std::vector<double> probabilities = baseline.Distribution(type);
  const uint64_t high = random.Next32();
  const uint64_t low = random.Next32();
  double left = static_cast<double>((high << 21) | (low >> 11)) * 0x1p-53;
  int32_t last = type;
  for (size_t y = 0; y < probabilities.size(); ++y) {
    if (probabilities[y] <= 0) continue;
    last = static_cast<int32_t>(y);
    left -= probabilities[y];
    if (left < 0) break;
  }
  return last;
}

Coverage CountCoverage(const TextSanitizerBaseline& baseline,
                       std::span<const int32_t> running_words) {
  Coverage coverage;
  for (const int32_t type : running_words) {
    ++coverage.words;
    switch (baseline.CoverOf(type)) {
      case Cover::kRandomised:
        ++coverage.randomised;
        break;
      case Cover::kOutOfVocabulary:
        ++coverage.out_of_vocabulary;
        break;
      case Cover::kNumber:
        ++coverage.numbers;
        break;
      case Cover::kStopWord:
        ++coverage.stop_words;
        break;
    }
  }
  return coverage;
}

std::vector<int32_t> ByFrequency(const WordTypes& types) {
  std::vector<int32_t> order(static_cast<size_t>(types.size()));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    return types.counts[static_cast<size_t>(a)] >
           types.counts[static_cast<size_t>(b)];
  });
  return order;
}

}  // namespace cmif::eval
