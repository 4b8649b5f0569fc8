// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/text_baselines.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>

#include "cmif/base/parallel.h"
#include "cmif/client/stop_words.h"
#include "cmif/eval/baseline.h"
#include "cmif/eval/custext.h"
#include "cmif/eval/santext.h"

namespace cmif::eval {
namespace {

struct Corpus {
  WordTypes types;
  std::vector<int32_t> running;  // type of each running word, or -1
};

Corpus MakeCorpus(const client::UnitTable& units,
                  const privacy::RowMatrix& rows,
                  std::span<const UnitText> texts) {
  std::unordered_map<int32_t, uint64_t> counts;
  for (const UnitText& text : texts) {
    for (const UnitWord& word : text.words) {
      if (word.exact) ++counts[word.unit];
    }
  }
  std::vector<std::pair<int32_t, uint64_t>> order(counts.begin(), counts.end());
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (order.size() > kMaxBaselineTypes) order.resize(kMaxBaselineTypes);
  Corpus corpus;
  corpus.types.rows.width = rows.width;
  std::unordered_map<int32_t, int32_t> type_of;
  for (const auto& [unit, count] : order) {
    type_of[unit] = corpus.types.rows.rows++;
    const auto row = rows.Row(unit);
    corpus.types.rows.values.insert(corpus.types.rows.values.end(), row.begin(),
                                    row.end());
    corpus.types.counts.push_back(count);
    corpus.types.number.push_back(units.class_of()[static_cast<size_t>(unit)] >=
                                  client::kFirstDigitsClass);
    corpus.types.stop_word.push_back(
        std::ranges::binary_search(client::StopWords(), units.Written(unit)));
  }
  for (const UnitText& text : texts) {
    for (const UnitWord& word : text.words) {
      const auto found = type_of.find(word.unit);
      corpus.running.push_back(
          word.exact && found != type_of.end() ? found->second : -1);
    }
  }
  return corpus;
}

BaselineFigures Measure(const TextSanitizerBaseline& baseline,
                        const Corpus& corpus) {
  const Coverage coverage = CountCoverage(baseline, corpus.running);
  std::vector<double> keep(static_cast<size_t>(corpus.types.size()));
  ParallelFor(keep.size(), HardwareThreads(), [&](size_t type) {
    keep[type] = baseline.Distribution(static_cast<int32_t>(type))[type];
  });
  double sum = 0;
  for (const int32_t type : corpus.running) {
    sum += type < 0 ? 1 : keep[static_cast<size_t>(type)];
  }
  return {.name = std::string(baseline.name()),
          .adjacency = std::string(baseline.adjacency()),
          .epsilon = baseline.epsilon(),
          .epsilon_star = std::nullopt,
          .keep = sum / static_cast<double>(corpus.running.size()),
          .words = coverage.words,
          .out_of_vocabulary = coverage.out_of_vocabulary,
          .numbers = coverage.numbers,
          .stop_words = coverage.stop_words};
}

}  // namespace

Result<std::vector<BaselineFigures>> MeasureBaselines(
    const client::UnitTable& units, const privacy::RowMatrix& rows,
    std::span<const UnitText> texts, double epsilon) {
  const Corpus corpus = MakeCorpus(units, rows, texts);
  std::vector<BaselineFigures> figures;
  // A text without a single word of the vocabulary has nothing to compare.
  if (corpus.types.size() == 0) return figures;
  for (const bool plus : {false, true}) {
    CMIF_ASSIGN(const auto santext,
                Santext::Create(corpus.types, epsilon,
                                plus ? std::optional<SantextPlus>(SantextPlus())
                                     : std::nullopt));
    figures.push_back(Measure(*santext, corpus));
  }
  for (const bool plus : {false, true}) {
    CMIF_ASSIGN(const auto custext,
                Custext::Create(corpus.types, epsilon, {.plus = plus}));
    figures.push_back(Measure(*custext, corpus));
    figures.back().epsilon_star = custext->LargestLoss();
  }
  return figures;
}

}  // namespace cmif::eval
