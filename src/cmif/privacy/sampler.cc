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
  Sampler sampler;
  sampler.columns_ = Columns(clustering);
  sampler.adjacency_ = channel.spec().adjacency;
  sampler.row_of_.assign(static_cast<size_t>(clustering.vocabulary_size()), -1);
  sampler.outputs_.assign(clustering.clusters().size() * sampler.columns_, 0);
  CMIF_TRY(sampler.AddClusters(channel));
  sampler.AddLevels(channel);
  return sampler;
}

Result<void> Sampler::AddClusters(const Channel& channel) {
  const auto& clusters = channel.clustering().clusters();
  for (size_t c = 0; c < clusters.size(); ++c) {
    const size_t k = clusters[c].size();
    const std::span<const uint32_t> weights = channel.tables()[c].weights;
    if (k > 1) {
      auto held =
          CertifyTable(weights, static_cast<int>(k), channel.EpsilonOf(c));
      if (!held) {
        return std::unexpected(held.error().At(fmt::format("cluster {}", c)));
      }
    }
    std::copy(clusters[c].begin(), clusters[c].end(),
              outputs_.begin() + static_cast<std::ptrdiff_t>(c * columns_));
    for (size_t x = 0; x < k; ++x) {
      const size_t row = outputs_of_.size();
      row_of_[static_cast<size_t>(clusters[c][x])] = static_cast<int32_t>(row);
      outputs_of_.push_back(static_cast<uint32_t>(c * columns_));
      bounds_.resize((row + 1) * columns_);
      FillBounds(k == 1 ? weights : weights.subspan(x * k, k),
                 std::span(bounds_).subspan(row * columns_));
    }
  }
  return {};
}

void Sampler::AddLevels(const Channel& channel) {
  if (adjacency_ == Adjacency::kCluster) return;
  const auto& clusters = channel.clustering().clusters();
  level_of_.resize(outputs_of_.size());
  in_level_.resize(outputs_of_.size());
  for (const ClassLevel& level : channel.levels()) {
    Level& own = levels_.emplace_back();
    own.step = level.step;
    for (size_t i = 0; i < level.clusters.size(); ++i) {
      const auto c = static_cast<size_t>(level.clusters[i]);
      const auto medoid = static_cast<size_t>(channel.representatives()[c]);
      own.representative_rows.push_back(static_cast<uint32_t>(
          row_of_[static_cast<size_t>(clusters[c][medoid])]));
      for (const int32_t id : clusters[c]) {
        const auto row = static_cast<size_t>(row_of_[static_cast<size_t>(id)]);
        level_of_[row] = static_cast<uint32_t>(levels_.size() - 1);
        in_level_[row] = static_cast<uint32_t>(i);
        own.words.push_back(id);
      }
    }
  }
}

// The row of the word's own cluster, or (each with probability step / 2^32)
// of another cluster's representative.
size_t Sampler::ChooseRow(size_t row, RandomSource& random) const {
  const Level& level = levels_[level_of_[row]];
  const uint64_t others = level.representative_rows.size() - 1;
  const uint64_t word = random.Next32();
  const uint64_t divisor = level.step + (level.step == 0 ? 1 : 0);
  const uint64_t changed = word < others * level.step ? 1 : 0;
  const uint64_t other = (word / divisor) * changed;
  const uint64_t place = other + (other >= in_level_[row] ? changed : 0);
  const uint64_t mask = 0 - changed;
  return (level.representative_rows[place] & mask) | (row & ~mask);
}

// The drawn word, or (each with probability step / 2^64) any of its class.
int32_t Sampler::Mixed(size_t row, int32_t drawn, RandomSource& random) const {
  const Level& level = levels_[level_of_[row]];
  const uint64_t high = random.Next32();
  const uint64_t word = (high << 32) | random.Next32();
  const uint64_t divisor = level.step + (level.step == 0 ? 1 : 0);
  const uint64_t mixed = word < level.words.size() * level.step ? 1 : 0;
  const auto other =
      static_cast<uint32_t>(level.words[(word / divisor) * mixed]);
  const auto mask = static_cast<uint32_t>(0 - mixed);
  return static_cast<int32_t>((other & mask) |
                              (static_cast<uint32_t>(drawn) & ~mask));
}

int32_t Sampler::Draw(int32_t id, RandomSource& random) const {
  if (IsPublic(id)) return id;
  auto row = static_cast<size_t>(row_of_[static_cast<size_t>(id)]);
  if (adjacency_ == Adjacency::kTwoLevel) row = ChooseRow(row, random);
  const uint32_t index =
      CountBelow(&bounds_[row * columns_], columns_, random.Next32());
  const int32_t drawn = Select(&outputs_[outputs_of_[row]], columns_, index);
  return adjacency_ == Adjacency::kMixture ? Mixed(row, drawn, random) : drawn;
}

}  // namespace cmif::privacy
