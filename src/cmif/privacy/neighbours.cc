// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cmif/privacy/clustering.h"
#include "cmif/privacy/rounding.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::privacy {
namespace {

// Rows scored at once: what the kernel holds in registers.
constexpr size_t kTile = 6;

using Scored = std::vector<std::pair<float, int32_t>>;  // -cosine, id

Result<void> Check(const RowMatrix& rows, std::span<const int32_t> class_of,
                   int size) {
  if (class_of.size() != static_cast<size_t>(rows.rows)) {
    return InvalidArgument(
        fmt::format("{} classes for {} rows", class_of.size(), rows.rows));
  }
  if (size < 2 || size > kMaxClusterSize) {
    return InvalidArgument(fmt::format(
        "lists of {} words; 2 to {} are possible", size, kMaxClusterSize));
  }
  return {};
}

// The row's own id first, then the nearest of `ids`, whose cosines are
// `scores`; ties to the lower id.
Scored Nearest(int32_t own, std::span<const int32_t> ids,
               std::span<const float> scores, size_t size) {
  Scored scored;
  scored.reserve(ids.size());
  float itself = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == own) {
      itself = scores[i];
    } else {
      scored.emplace_back(-scores[i], ids[i]);
    }
  }
  const size_t kept = std::min(size - 1, scored.size());
  const auto end = scored.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(scored.begin(), end, scored.end());
  scored.resize(kept);
  scored.emplace(scored.begin(), -itself, own);
  return scored;
}

double Squared(size_t value) {
  return static_cast<double>(value) * static_cast<double>(value);
}

std::vector<double> Normalised(std::span<const float> cosines) {
  const auto [low, high] = std::ranges::minmax(cosines);
  std::vector<double> utilities;
  for (const float cosine : cosines) {
    utilities.push_back(high > low ? (double{cosine} - low) / (high - low) : 0);
  }
  return utilities;
}

}  // namespace

Result<UncheckedNeighbours> UncheckedNeighbours::Create(
    const RowMatrix& rows, std::span<const int32_t> class_of, int size,
    int threads, const ProgressFn& progress) {
  CMIF_TRY(Check(rows, class_of, size));
  std::map<int32_t, std::vector<int32_t>> classes;
  for (size_t id = 0; id < class_of.size(); ++id) {
    if (class_of[id] >= 0) {
      classes[class_of[id]].push_back(static_cast<int32_t>(id));
    }
  }
  double pairs = 0;
  for (const auto& [number, ids] : classes) pairs += Squared(ids.size());
  UncheckedNeighbours result;
  result.lists_.resize(class_of.size());
  double done = 0;
  for (const auto& [number, ids] : classes) {
    const double own = Squared(ids.size());
    result.AddClass(rows, ids, static_cast<size_t>(size), threads,
                    [&](double share) {
                      if (progress) progress((done + share * own) / pairs);
                    });
    done += own;
  }
  return result;
}

void UncheckedNeighbours::AddClass(const RowMatrix& rows,
                                   std::span<const int32_t> ids, size_t size,
                                   int threads, const ProgressFn& progress) {
  PackedColumns columns(ids.size(), static_cast<size_t>(rows.width));
  for (size_t i = 0; i < ids.size(); ++i) columns.Set(i, rows.Row(ids[i]));
  const size_t stride = columns.padded_columns();
  const auto add_tile = [&](size_t tile) {
    const auto rest = ids.subspan(tile * kTile);
    const auto own = rest.first(std::min(kTile, rest.size()));
    std::vector<const float*> inputs;
    for (const int32_t id : own) inputs.push_back(rows.Row(id).data());
    std::vector<float> scores(inputs.size() * stride);
    ScoreRows(inputs, columns, scores);
    for (size_t r = 0; r < own.size(); ++r) {
      Neighbours& list = lists_[static_cast<size_t>(own[r])];
      for (const auto& [negative, id] :
           Nearest(own[r], ids,
                   std::span(scores).subspan(r * stride, ids.size()), size)) {
        list.ids.push_back(id);
        list.cosines.push_back(-negative);
      }
      list.utilities = Normalised(list.cosines);
    }
  };
  ParallelFor((ids.size() + kTile - 1) / kTile,
              threads > 0 ? threads : HardwareThreads(), add_tile, progress);
}

const UncheckedNeighbours::Neighbours& UncheckedNeighbours::Of(
    int32_t id) const {
  static const Neighbours kNone;
  if (id < 0 || static_cast<size_t>(id) >= lists_.size()) return kNone;
  return lists_[static_cast<size_t>(id)];
}

std::span<const int32_t> UncheckedNeighbours::List(int32_t id) const {
  return Of(id).ids;
}

std::span<const float> UncheckedNeighbours::Cosines(int32_t id) const {
  return Of(id).cosines;
}

std::span<const double> UncheckedNeighbours::Utilities(int32_t id) const {
  return Of(id).utilities;
}

std::vector<uint32_t> UncheckedNeighbours::Weights(
    int32_t id, const ScaledMechanism& mechanism, Epsilon epsilon) const {
  const std::vector<double>& utilities = Of(id).utilities;
  if (utilities.size() < 2) return {};
  std::vector<double> probabilities(utilities.size());
  mechanism.Probabilities(utilities, mechanism.TextbookScale(epsilon),
                          probabilities);
  std::vector<uint32_t> weights(utilities.size());
  RoundToWeights(probabilities, weights);
  return weights;
}

size_t UncheckedNeighbours::Pairs() const {
  size_t pairs = 0;
  for (const Neighbours& list : lists_) {
    pairs += list.ids.empty() ? 0 : list.ids.size() - 1;
  }
  return pairs;
}

size_t UncheckedNeighbours::OneWayPairs() const {
  size_t pairs = 0;
  for (size_t x = 0; x < lists_.size(); ++x) {
    for (const int32_t y : lists_[x].ids) {
      const auto back = List(y);
      if (std::ranges::find(back, static_cast<int32_t>(x)) == back.end()) {
        ++pairs;
      }
    }
  }
  return pairs;
}

}  // namespace cmif::privacy
