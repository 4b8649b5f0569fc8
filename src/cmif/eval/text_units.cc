// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/text_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "cmif/client/nearest_unit.h"
#include "cmif/client/units.h"
#include "cmif/text/words.h"

namespace cmif::eval {
namespace {

// Remembers the words that it has seen: the search of a nearest unit reads the
// whole table.
class Reader {
 public:
  explicit Reader(client::ClientModel& model) : model_(model) {}

  Result<UnitText> Read(const std::string& text) {
    CMIF_TRY(text::CheckText(text));
    UnitText result{.text = text, .words = {}};
    for (const text::Piece& piece : text::SplitWords(result.text)) {
      const auto offset =
          static_cast<size_t>(piece.text.data() - result.text.data());
      if (piece.kind == text::Piece::kWord) {
        CMIF_TRY(AddWord(piece.text, offset, result));
      } else if (piece.kind == text::Piece::kDigits) {
        CMIF_TRY(AddDigits(piece.text, offset, result));
      }
    }
    return result;
  }

 private:
  Result<void> AddWord(std::string_view word, size_t offset, UnitText& out) {
    const int32_t unit = model_.units().FindWord(word);
    if (unit >= 0) {
      out.words.push_back({.unit = unit, .offset = offset, .exact = true});
      return {};
    }
    auto found = nearest_.find(std::string(word));
    if (found == nearest_.end()) {
      CMIF_ASSIGN(const int32_t nearest, Nearest(word));
      found = nearest_.emplace(word, nearest).first;
    }
    out.words.push_back({.unit = found->second, .offset = offset});
    return {};
  }

  Result<int32_t> Nearest(std::string_view word) {
    CMIF_ASSIGN(std::vector<int32_t> ids, model_.tokenizer().EncodeWord(word));
    std::erase_if(ids,
                  [&](int32_t id) { return model_.tokenizer().IsUnknown(id); });
    if (ids.size() == 1 &&
        model_.units().class_of()[static_cast<size_t>(ids[0])] ==
            client::kWordClass) {
      return ids[0];
    }
    CMIF_ASSIGN(const client::NearestUnit* const nearest, model_.Nearest());
    return nearest->Find(ids);
  }

  Result<void> AddDigits(std::string_view digits, size_t offset,
                         UnitText& out) {
    CMIF_ASSIGN(std::vector<int32_t> ids,
                model_.tokenizer().Encode(digits, false));
    const client::UnitTable& units = model_.units();
    std::erase_if(ids, [&](int32_t id) { return units.Written(id).empty(); });
    const bool all_digits = std::ranges::all_of(ids, [&](int32_t id) {
      return units.class_of()[static_cast<size_t>(id)] >=
             client::kFirstDigitsClass;
    });
    if (!all_digits || ids.empty()) return AddWord(digits, offset, out);
    for (const int32_t id : ids) {
      out.words.push_back({.unit = id, .offset = offset, .exact = true});
    }
    return {};
  }

  client::ClientModel& model_;
  std::unordered_map<std::string, int32_t> nearest_;
};

}  // namespace

Result<std::vector<UnitText>> UnitsOf(client::ClientModel& model,
                                      std::span<const std::string> texts) {
  Reader reader(model);
  std::vector<UnitText> result;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto units = reader.Read(texts[i]);
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
