// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/cluster_report.h"

#include <algorithm>
#include <map>

#include "cmif/text/words.h"

namespace cmif::client {
namespace {

using text::Piece;

// Adds the running words of one entry: a word counts for kWordClass (one that
// is no unit is replaced by its nearest, which is of that class), a run of
// digits for the classes of its tokens, in equal parts.
Result<void> AddWord(const model::Tokenizer& tokenizer, const UnitTable& units,
                     const std::string& word, double count,
                     std::map<int32_t, double>& shares) {
  for (const Piece& piece : text::SplitWords(word)) {
    if (piece.kind == Piece::kWord) shares[kWordClass] += count;
    if (piece.kind != Piece::kDigits) continue;
    CMIF_ASSIGN(std::vector<int32_t> ids, tokenizer.Encode(piece.text, false));
    std::erase_if(ids, [&](int32_t id) { return units.Written(id).empty(); });
    for (const int32_t id : ids) {
      shares[units.class_of()[static_cast<size_t>(id)]] +=
          count / static_cast<double>(ids.size());
    }
  }
  return {};
}

Result<std::map<int32_t, double>> RunningWords(
    const model::Tokenizer& tokenizer, const UnitTable& units,
    const WordCounts& counts) {
  std::map<int32_t, double> shares;
  for (const auto& [word, count] : counts) {
    CMIF_TRY(AddWord(tokenizer, units, word, count, shares));
  }
  return shares;
}

}  // namespace

Result<void> AddClassShares(const model::Tokenizer& tokenizer,
                            const UnitTable& units,
                            const privacy::Clustering& clustering,
                            const WordCounts* counts, ClusterReport& report) {
  std::map<int32_t, ClassShare> classes;
  std::map<int32_t, double> weights;
  for (const auto& ids : clustering.clusters()) {
    const int32_t its_class = units.class_of()[static_cast<size_t>(ids[0])];
    ClassShare& entry = classes[its_class];
    entry.name = ClassName(its_class);
    entry.units += ids.size();
    ++entry.clusters;
    weights[its_class] += static_cast<double>(ids.size());
  }
  report.shares_by_counts = counts != nullptr;
  if (counts != nullptr) {
    CMIF_ASSIGN(weights, RunningWords(tokenizer, units, *counts));
  }
  double total = 0;
  for (const auto& [its_class, weight] : weights) total += weight;
  for (auto& [its_class, entry] : classes) {
    entry.share = total > 0 ? weights[its_class] / total : 0;
    report.classes.push_back(std::move(entry));
  }
  return {};
}

void AddSizes(const privacy::Clustering& clustering, ClusterReport& report) {
  report.clusters = clustering.clusters().size();
  report.cluster_bits = clustering.ClusterBits();
  for (const auto& ids : clustering.clusters()) {
    if (report.smallest_cluster == 0 || ids.size() < report.smallest_cluster) {
      report.smallest_cluster = ids.size();
    }
    if (ids.size() == 1) ++report.units_alone;
  }
}

}  // namespace cmif::client
