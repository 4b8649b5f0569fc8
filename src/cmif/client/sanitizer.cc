// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/sanitizer.h"

#include <algorithm>

#include "cmif/client/channel_file.h"
#include "cmif/text/lower_case.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

using text::Piece;

bool IsWord(const Piece& piece) {
  return piece.kind == Piece::kWord || piece.kind == Piece::kDigits;
}

void Append(const Piece& piece, std::string after, Sanitized& result) {
  result.text += after;
  result.words.push_back({std::string(piece.text), std::move(after)});
  if (result.words.back().changed()) ++result.words_changed;
}

// What the identity makes of a text.
Sanitized Unchanged(std::string_view text) {
  Sanitized result;
  for (const Piece& piece : text::SplitWords(text)) {
    if (IsWord(piece)) {
      Append(piece, std::string(piece.text), result);
    } else {
      result.text += piece.text;
    }
  }
  result.words_unprotected = result.words.size();
  return result;
}

// Curves are those of clusters; where epsilon is of whole classes, each draw
// counts as the worst mechanism of that epsilon.
Result<privacy::Accountant> MakeAccountant(
    const std::shared_ptr<const privacy::Channel>& channel) {
  if (channel->spec().adjacency == privacy::Adjacency::kCluster) {
    return privacy::Accountant::Create(channel);
  }
  return privacy::Accountant::CreatePure(channel,
                                         channel->epsilon_certified_micro());
}

}  // namespace

bool WordChange::changed() const {
  return after != before && text::LowerCase(after) != text::LowerCase(before);
}

struct Sanitizer::Words {
  std::vector<Piece> pieces;
  // Of all words, one after the other; the i-th word's end at ends[i].
  std::vector<int32_t> units;
  std::vector<size_t> ends;
};

Result<Sanitizer> Sanitizer::Create(
    std::shared_ptr<ClientModel> model,
    std::shared_ptr<const privacy::Channel> channel, Repeats repeats,
    const std::optional<crypto::Digest>& channel_hash) {
  Sanitizer sanitizer(std::move(model), std::move(channel), repeats);
  if (sanitizer.channel_ == nullptr) return sanitizer;
  sanitizer.channel_hash_ =
      channel_hash ? *channel_hash : HashOf(*sanitizer.channel_);
  CMIF_ASSIGN(privacy::Sampler sampler,
              privacy::Sampler::Create(*sanitizer.channel_));
  const auto shared =
      std::make_shared<const privacy::Sampler>(std::move(sampler));
  sanitizer.sampler_ = shared;
  sanitizer.word_units_ = WordUnits(*sanitizer.model_, [shared](int32_t id) {
    return !shared->IsPublic(id);
  });
  CMIF_ASSIGN(privacy::Accountant accountant,
              MakeAccountant(sanitizer.channel_));
  sanitizer.accountant_ =
      std::make_shared<const privacy::Accountant>(std::move(accountant));
  return sanitizer;
}

Result<Sanitizer::Words> Sanitizer::Read(std::string_view text) {
  Words words;
  words.pieces = text::SplitWords(text);
  for (const Piece& piece : words.pieces) {
    if (piece.kind == Piece::kDigits) {
      CMIF_ASSIGN(const std::vector<int32_t> units,
                  word_units_.OfDigits(piece.text));
      words.units.insert(words.units.end(), units.begin(), units.end());
    } else if (piece.kind == Piece::kWord) {
      CMIF_ASSIGN(const int32_t unit, word_units_.OfWord(piece.text));
      words.units.push_back(unit);
    } else {
      continue;
    }
    words.ends.push_back(words.units.size());
  }
  return words;
}

std::string Sanitizer::Write(const WordDraw& place, const DrawFn& draw,
                             Sanitized& result) const {
  if (place.cluster < 0) {
    ++result.words_public;
    return model_->units().Written(place.unit);
  }
  if (channel_->IsRevealed(place.unit)) ++result.words_unprotected;
  return model_->units().Written(draw(place));
}

Sanitized Sanitizer::Replace(const Words& words, const DrawFn& draw,
                             std::vector<WordDraw>& draws) const {
  Sanitized result;
  size_t at = 0;  // next of words.units
  for (const Piece& piece : words.pieces) {
    if (!IsWord(piece)) {
      result.text += piece.text;
      continue;
    }
    const size_t word = result.words.size();
    std::string after;
    for (uint32_t part = 0; at < words.ends[word]; ++at, ++part) {
      const int32_t unit = words.units[at];
      const WordDraw place{static_cast<uint32_t>(word), part, unit,
                           channel_->clustering().cluster_of(unit)};
      after += Write(place, draw, result);
      if (place.cluster >= 0) draws.push_back(place);
    }
    Append(piece, std::move(after), result);
  }
  return result;
}

Result<Sanitized> Sanitizer::Sanitize(std::string_view text,
                                      Conversation& conversation,
                                      MessageId message) {
  CMIF_TRY(text::CheckText(text));
  if (is_identity()) return Unchanged(text);
  if (conversation.channel() != channel_hash_) {
    return FailedPrecondition(
        "the conversation was started over another channel; start a new one");
  }
  CMIF_ASSIGN(const Words words, Read(text));
  const MessageNoise noise = conversation.NoiseOf(message);
  const auto keyed = [&](const WordDraw& place) {
    crypto::KeyedRandom random = noise.For(place);
    return sampler_->Draw(place.unit, random);
  };
  std::vector<WordDraw> draws;
  Sanitized result = Replace(words, keyed, draws);
  const uint64_t drawn = draws.size();
  result.charges = conversation.Charge(message, std::move(draws));
  result.words_charged = result.charges.draws();
  result.words_repeated = drawn - result.words_charged;
  return result;
}

Result<Sanitized> Sanitizer::Sanitize(std::string_view text,
                                      RandomSource& random) {
  if (is_identity() || repeats_ == Repeats::kLinked) {
    Conversation own = StartConversation(random);
    return Sanitize(text, own, {});
  }
  CMIF_TRY(text::CheckText(text));
  CMIF_ASSIGN(const Words words, Read(text));
  std::vector<WordDraw> draws;
  Sanitized result = Replace(
      words,
      [&](const WordDraw& place) { return sampler_->Draw(place.unit, random); },
      draws);
  for (const WordDraw& draw : draws) result.charges.Add(draw.cluster);
  result.words_charged = result.charges.draws();
  return result;
}

Result<privacy::DocumentLoss> Sanitizer::LossOf(const privacy::Charges& charges,
                                                privacy::Delta delta) const {
  if (is_identity()) {
    return FailedPrecondition("the identity protects nothing: no finite loss");
  }
  return accountant_->LossOf(charges, delta);
}

}  // namespace cmif::client
