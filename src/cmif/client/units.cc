// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/units.h"

#include <fmt/format.h>

#include <map>

#include "cmif/text/words.h"

namespace cmif::client {
namespace {

using text::Piece;

constexpr size_t kMaxDigits = 64;

int32_t ClassOfPieces(const std::vector<Piece>& pieces, bool begins_word) {
  bool has_word = false;
  for (const Piece& piece : pieces) {
    if (piece.kind == Piece::kWord || piece.kind == Piece::kDigits) {
      has_word = true;
    }
  }
  if (!has_word) return kPublicClass;
  if (pieces.size() > 1) return kMixedClass;
  if (pieces[0].kind == Piece::kDigits) {
    const size_t digits = pieces[0].text.size();
    return digits <= kMaxDigits ? DigitsClass(digits, begins_word)
                                : kMixedClass;
  }
  return begins_word ? kWordClass : kContinuationClass;
}

bool IsUnusedName(std::string_view text) {
  return text.starts_with("[unused") && text.ends_with("]");
}

int32_t ClassOf(const model::Tokenizer& tokenizer, int32_t id,
                const model::TokenForm& form) {
  switch (tokenizer.TokenKindOf(id)) {
    case model::TokenKind::kSpecial:
      return kPublicClass;
    case model::TokenKind::kByte:
      return kBytesClass;
    case model::TokenKind::kUnused:
      return kUnusedClass;
    case model::TokenKind::kNormal:
      break;
  }
  if (IsUnusedName(form.text)) return kUnusedClass;
  // WordPiece vocabularies do not mark these as special in every file.
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    if (form.text == special) return kPublicClass;
  }
  if (!text::IsUtf8(form.text)) return kBytesClass;
  return ClassOfPieces(text::SplitWords(form.text), form.begins_word);
}

}  // namespace

std::string ClassName(int32_t unit_class) {
  switch (unit_class) {
    case kPublicClass:
      return "public";
    case kWordClass:
      return "words";
    case kContinuationClass:
      return "continuations";
    case kMixedClass:
      return "mixed";
    case kUnusedClass:
      return "unused";
    case kBytesClass:
      return "bytes";
    default:
      return fmt::format("digits of length {}{}",
                         (unit_class - kFirstDigitsClass) / 2,
                         unit_class % 2 == 1 ? " at a word's start" : "");
  }
}

UnitTable UnitTable::Create(const model::Tokenizer& tokenizer) {
  UnitTable table;
  const auto size = static_cast<size_t>(tokenizer.size());
  table.class_of_.resize(size);
  table.written_.resize(size);
  for (size_t i = 0; i < size; ++i) {
    const auto id = static_cast<int32_t>(i);
    model::TokenForm form = tokenizer.Form(id);
    table.class_of_[i] = ClassOf(tokenizer, id, form);
    table.written_[i] = std::move(form.text);
    if (table.class_of_[i] != kWordClass) continue;
    table.words_.push_back(id);
    table.by_text_.emplace(table.written_[i], id);
  }
  return table;
}

int32_t UnitTable::FindWord(std::string_view written) const {
  const auto found = by_text_.find(written);
  return found == by_text_.end() ? -1 : found->second;
}

std::vector<int32_t> ClassesOf(const UnitTable& units,
                               const privacy::Clustering& clustering) {
  std::vector<int32_t> classes;
  for (const auto& cluster : clustering.clusters()) {
    classes.push_back(units.class_of()[static_cast<size_t>(cluster[0])]);
  }
  return classes;
}

Result<void> CheckClusters(const UnitTable& units,
                           const privacy::Clustering& clustering) {
  if (clustering.vocabulary_size() != units.size()) {
    return DataLoss(
        fmt::format("the clusters are for a vocabulary of {}, this one has {}",
                    clustering.vocabulary_size(), units.size()));
  }
  const std::vector<int32_t>& class_of = units.class_of();
  std::map<int32_t, size_t> units_of_class;
  for (const int32_t unit_class : class_of) ++units_of_class[unit_class];
  for (size_t c = 0; c < clustering.clusters().size(); ++c) {
    const auto& members = clustering.clusters()[c];
    const int32_t first = class_of[static_cast<size_t>(members[0])];
    for (const int32_t id : members) {
      const int32_t other = class_of[static_cast<size_t>(id)];
      if (other == first && other != kPublicClass) continue;
      return DataLoss(
          fmt::format("cluster {} mixes tokens of the classes {} "
                      "and {}",
                      c, ClassName(first), ClassName(other)));
    }
    if (members.size() == 1 && units_of_class[first] > 1) {
      return DataLoss(fmt::format(
          "cluster {} is token {} alone: it would leave unprotected, though "
          "there are others of its class ({})",
          c, members[0], ClassName(first)));
    }
  }
  for (int32_t id = 0; id < units.size(); ++id) {
    if (class_of[static_cast<size_t>(id)] != kPublicClass &&
        clustering.cluster_of(id) < 0) {
      return DataLoss(fmt::format(
          "token {} of class {} is in no cluster: it would leave unprotected",
          id, ClassName(class_of[static_cast<size_t>(id)])));
    }
  }
  return {};
}

}  // namespace cmif::client
