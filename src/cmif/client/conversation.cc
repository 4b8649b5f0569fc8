// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/conversation.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

namespace cmif::client {
namespace {

// Inputs of the PRF, each of a fixed length and with a tag of its own; numbers
// little-endian.
constexpr size_t kTagBytes = 16;
constexpr std::string_view kMessageTag = "cmif message 1";
constexpr std::string_view kLinkedTag = "cmif linked 1";
constexpr std::string_view kDrawTag = "cmif draw 1";

template <size_t kSize>
class Encoding {
 public:
  explicit Encoding(std::string_view tag) {
    std::memcpy(bytes_.data(), tag.data(), tag.size());
    at_ = kTagBytes;
  }
  void Add(std::span<const uint8_t> bytes) {
    std::memcpy(&bytes_[at_], bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void Add(uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes_[at_++] = static_cast<uint8_t>(value >> shift);
    }
  }
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::array<uint8_t, kSize> bytes_{};
  size_t at_ = 0;
};

using KeyEncoding = Encoding<kTagBytes + sizeof(crypto::Digest) + 8>;
using DrawEncoding = Encoding<kTagBytes + 12>;

}  // namespace

std::string_view RepeatsName(Repeats repeats) {
  return repeats == Repeats::kLinked ? "linked" : "fresh";
}

Result<Repeats> ParseRepeats(std::string_view name) {
  for (const Repeats repeats : {Repeats::kFresh, Repeats::kLinked}) {
    if (name == RepeatsName(repeats)) return repeats;
  }
  return InvalidArgument("repeated words are either fresh or linked");
}

crypto::KeyedRandom MessageNoise::For(const WordDraw& draw) const {
  const bool linked = repeats_ == Repeats::kLinked;
  DrawEncoding input(kDrawTag);
  input.Add(linked ? 0 : draw.word);
  input.Add(linked ? 0 : draw.part);
  input.Add(static_cast<uint32_t>(draw.unit));
  return {key_, input.bytes()};
}

MessageNoise Conversation::NoiseOf(MessageId message) const {
  const bool linked = repeats_ == Repeats::kLinked;
  KeyEncoding input(linked ? kLinkedTag : kMessageTag);
  input.Add(channel_);
  input.Add(linked ? 0 : static_cast<uint32_t>(message.role));
  input.Add(linked ? 0 : message.index);
  return {key_.Derive(input.bytes()), repeats_};
}

privacy::Charges Conversation::Charge(MessageId message,
                                      std::vector<WordDraw> draws) {
  if (repeats_ == Repeats::kLinked) {
    message = {};
    for (WordDraw& draw : draws) draw.word = draw.part = 0;
  }
  std::ranges::sort(draws);
  const auto twice = std::ranges::unique(draws);
  draws.erase(twice.begin(), twice.end());
  std::vector<WordDraw>& known = charged_[message];
  std::vector<WordDraw> added;
  std::ranges::set_difference(draws, known, std::back_inserter(added));
  privacy::Charges charges;
  for (const WordDraw& draw : added) charges.Add(draw.cluster);
  const auto middle = static_cast<std::ptrdiff_t>(known.size());
  known.insert(known.end(), added.begin(), added.end());
  std::ranges::inplace_merge(known, known.begin() + middle);
  charges_.Add(charges);
  return charges;
}

}  // namespace cmif::client
