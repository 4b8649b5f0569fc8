// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/text_units.h"

#include <fmt/format.h>

#include "cmif/client/units.h"
#include "cmif/client/word_units.h"
#include "cmif/text/words.h"

namespace cmif::eval {
namespace {

Result<UnitText> Read(const client::UnitTable& table,
                      client::WordUnits& word_units, const std::string& text) {
  CMIF_TRY(text::CheckText(text));
  UnitText result{.text = text, .words = {}};
  for (const text::Piece& piece : text::SplitWords(result.text)) {
    std::vector<int32_t> units;
    if (piece.kind == text::Piece::kWord) {
      CMIF_ASSIGN(const int32_t unit, word_units.OfWord(piece.text));
      units.push_back(unit);
    } else if (piece.kind == text::Piece::kDigits) {
      CMIF_ASSIGN(units, word_units.OfDigits(piece.text));
    }
    const auto offset =
        static_cast<size_t>(piece.text.data() - result.text.data());
    for (const int32_t unit : units) {
      const bool digits = table.class_of()[static_cast<size_t>(unit)] >=
                          client::kFirstDigitsClass;
      result.words.push_back(
          {.unit = unit,
           .offset = offset,
           .exact = digits || table.FindWord(piece.text) == unit});
    }
  }
  return result;
}

}  // namespace

Result<std::vector<UnitText>> UnitsOf(client::ClientModel& model,
                                      const privacy::Clustering& clustering,
                                      std::span<const std::string> texts) {
  client::WordUnits word_units(
      model, [&](int32_t id) { return clustering.cluster_of(id) >= 0; });
  std::vector<UnitText> result;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto units = Read(model.units(), word_units, texts[i]);
    if (!units) {
      return std::unexpected(units.error().At(fmt::format("text {}", i + 1)));
    }
    result.push_back(*std::move(units));
  }
  return result;
}

std::vector<double> UnigramPrior(std::span<const UnitText> texts,
                                 int vocabulary_size, double add) {
  std::vector<double> prior(static_cast<size_t>(vocabulary_size), add);
  for (const UnitText& text : texts) {
    for (const UnitWord& word : text.words) {
      prior[static_cast<size_t>(word.unit)] += 1;
    }
  }
  return prior;
}

}  // namespace cmif::eval
