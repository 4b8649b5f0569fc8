// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

// Whole vectors of 4 to 16 words, no tail loop.
constexpr size_t kColumnStep = 4;
constexpr uint32_t kPadding = std::numeric_limits<uint32_t>::max();

size_t Columns(const Clustering& clustering) {
  size_t largest = 1;
  for (const auto& cluster : clustering.clusters()) {
    largest = std::max(largest, cluster.size());
  }
  return (largest + kColumnStep - 1) / kColumnStep * kColumnStep;
}

// Inclusive upper bounds of one row of weights (sum 2^32).
void FillBounds(std::span<const uint32_t> weights, std::span<uint32_t> bounds) {
  std::fill(bounds.begin(), bounds.end(), kPadding);
  uint64_t sum = 0;
  for (size_t y = 0; y < weights.size(); ++y) {
    sum += weights[y];
    bounds[y] = static_cast<uint32_t>(sum - 1);
  }
}

// How many bounds lie below the random word: the outcome's index.
uint32_t CountBelow(const uint32_t* bounds, size_t columns, uint32_t word) {
  uint32_t index = 0;
  for (size_t j = 0; j < columns; ++j) {
    index += static_cast<uint32_t>(bounds[j] < word);
  }
  return index;
}

// values[index], reading all of them.
int32_t Select(const int32_t* values, size_t columns, uint32_t index) {
  uint32_t chosen = 0;
  for (size_t j = 0; j < columns; ++j) {
    const auto match = static_cast<uint32_t>(static_cast<uint32_t>(j) == index);
    chosen |= static_cast<uint32_t>(values[j]) & (0U - match);
  }
  return static_cast<int32_t>(chosen);
}

}  // namespace

Result<Sampler> Sampler::Create(const Channel& channel) {
  const Clustering& clustering = channel.clustering();
  const auto& clusters = clustering.clusters();
  Sampler sampler;
  sampler.columns_ = Columns(clustering);
  const size_t columns = sampler.columns_;
  sampler.row_of_.assign(static_cast<size_t>(clustering.vocabulary_size()), -1);
  sampler.outputs_.assign(clusters.size() * columns, 0);
  for (size_t c = 0; c < clusters.size(); ++c) {
    const size_t k = clusters[c].size();
    const std::span<const uint32_t> weights = channel.tables()[c].weights;
    if (k > 1) {
      auto held = CertifyTable(weights, static_cast<int>(k), channel.epsilon());
      if (!held) {
        return std::unexpected(held.error().At(fmt::format("cluster {}", c)));
      }
    }
    std::copy(
        clusters[c].begin(), clusters[c].end(),
        sampler.outputs_.begin() + static_cast<std::ptrdiff_t>(c * columns));
    for (size_t x = 0; x < k; ++x) {
      const size_t row = sampler.outputs_of_.size();
      sampler.row_of_[static_cast<size_t>(clusters[c][x])] =
          static_cast<int32_t>(row);
      sampler.outputs_of_.push_back(static_cast<uint32_t>(c * columns));
      sampler.bounds_.resize((row + 1) * columns);
      FillBounds(k == 1 ? weights : weights.subspan(x * k, k),
                 std::span(sampler.bounds_).subspan(row * columns));
    }
  }
  return sampler;
}

int32_t Sampler::Draw(int32_t id, RandomSource& random) const {
  if (IsPublic(id)) return id;
  const auto row = static_cast<size_t>(row_of_[static_cast<size_t>(id)]);
  const uint32_t index =
      CountBelow(&bounds_[row * columns_], columns_, random.Next32());
  return Select(&outputs_[outputs_of_[row]], columns_, index);
}

}  // namespace cmif::privacy
