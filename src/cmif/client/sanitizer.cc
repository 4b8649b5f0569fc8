// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/sanitizer.h"

#include <algorithm>

#include "cmif/text/words.h"

namespace cmif::client {
namespace {

using text::Piece;

constexpr size_t kMaxCachedWords = 65536;
constexpr size_t kMaxCachedWordBytes = 64;

bool IsWord(const Piece& piece) {
  return piece.kind == Piece::kWord || piece.kind == Piece::kDigits;
}

}  // namespace

Result<Sanitizer> Sanitizer::Create(
    std::shared_ptr<ClientModel> model,
    std::shared_ptr<const privacy::Channel> channel) {
  Sanitizer sanitizer(std::move(model), std::move(channel));
  if (sanitizer.channel_ != nullptr) {
    CMIF_ASSIGN(sanitizer.sampler_,
                privacy::Sampler::Create(*sanitizer.channel_));
  }
  return sanitizer;
}

Result<int32_t> Sanitizer::UnitOfWord(std::string_view word) {
  const UnitTable& units = model_->units();
  if (const int32_t unit = units.FindWord(word); unit >= 0) return unit;
  if (const auto cached = nearest_.find(std::string(word));
      cached != nearest_.end()) {
    return cached->second;
  }
  CMIF_ASSIGN(std::vector<int32_t> ids, model_->tokenizer().EncodeWord(word));
  std::erase_if(ids,
                [&](int32_t id) { return model_->tokenizer().IsUnknown(id); });
  int32_t unit = ids.size() == 1 ? ids[0] : -1;
  if (unit < 0 || units.class_of()[static_cast<size_t>(unit)] != kWordClass) {
    CMIF_ASSIGN(const NearestUnit* const nearest, model_->Nearest());
    unit = nearest->Find(ids);
  }
  if (word.size() > kMaxCachedWordBytes) return unit;
  if (nearest_.size() >= kMaxCachedWords) nearest_.clear();
  nearest_.emplace(word, unit);
  return unit;
}

Result<std::vector<int32_t>> Sanitizer::UnitsOfDigits(std::string_view digits) {
  const std::vector<int32_t>& class_of = model_->units().class_of();
  // Byte-pair tokenizers would make the space a token of the run.
  CMIF_ASSIGN(std::vector<int32_t> ids,
              model_->tokenizer().Encode(digits, false));
  std::erase_if(ids, [&](int32_t id) {
    return model_->units().Written(id).empty();  // a word mark alone
  });
  const bool all_digits = std::ranges::all_of(ids, [&](int32_t id) {
    return class_of[static_cast<size_t>(id)] >= kFirstDigitsClass;
  });
  if (all_digits && !ids.empty()) return ids;
  // A vocabulary without digits: the run counts as a word.
  CMIF_ASSIGN(const int32_t unit, UnitOfWord(digits));
  return std::vector<int32_t>{unit};
}

std::string Sanitizer::Draw(int32_t unit, RandomSource& random,
                            Sanitized& result) {
  if (sampler_->IsPublic(unit)) {
    ++result.words_public;
    return model_->units().Written(unit);
  }
  ++result.words_charged;
  if (channel_->IsRevealed(unit)) ++result.words_unprotected;
  return model_->units().Written(sampler_->Draw(unit, random));
}

Result<std::string> Sanitizer::Replace(std::string_view word, bool digits,
                                       RandomSource& random,
                                       Sanitized& result) {
  std::vector<int32_t> units;
  if (digits) {
    CMIF_ASSIGN(units, UnitsOfDigits(word));
  } else {
    CMIF_ASSIGN(const int32_t unit, UnitOfWord(word));
    units.push_back(unit);
  }
  std::string written;
  for (const int32_t unit : units) written += Draw(unit, random, result);
  return written;
}

Result<Sanitized> Sanitizer::Sanitize(std::string_view text,
                                      RandomSource& random) {
  CMIF_TRY(text::CheckText(text));
  std::vector<Piece> pieces;
  {
    pieces = text::SplitWords(text);
  }
  Sanitized result;
  result.text.reserve(text.size() + text.size() / 4);
  for (const Piece& piece : pieces) {
    if (!IsWord(piece)) {
      result.text += piece.text;
      continue;
    }
    std::string after(piece.text);
    if (is_identity()) {
      ++result.words_unprotected;
    } else {
      CMIF_ASSIGN(after, Replace(piece.text, piece.kind == Piece::kDigits,
                                 random, result));
    }
    if (after != piece.text) ++result.words_changed;
    result.text += after;
    result.words.push_back({std::string(piece.text), std::move(after)});
  }
  return result;
}

}  // namespace cmif::client
