// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CONVERSATION_H_
#define CMIF_CLIENT_CONVERSATION_H_

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/crypto/keyed_hash.h"
#include "cmif/crypto/keyed_random.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/charges.h"

namespace cmif::client {

// What a word that occurs again in a conversation gets.
enum class Repeats : uint8_t {
  kFresh,   // a draw of its own, charged; equal words do not look equal
  kLinked,  // the draw of its first occurrence, charged once; everybody sees
            // which places hold the same word
};

std::string_view RepeatsName(Repeats repeats);  // "fresh", "linked"
// INVALID_ARGUMENT for any other name.
Result<Repeats> ParseRepeats(std::string_view name);

enum class Role : uint8_t { kSystem = 1, kUser = 2, kAssistant = 3, kTool = 4 };

// Which message of its conversation a text is. What is sent again as history
// must come with the role and index that it had at first.
struct MessageId {
  Role role = Role::kUser;
  uint32_t index = 0;
  auto operator<=>(const MessageId&) const = default;
};

// One draw of a message: the words of a text count from 0 (what is no word
// does not count), `part` counts the tokens of a run of digits.
struct WordDraw {
  uint32_t word = 0;
  uint32_t part = 0;
  int32_t unit = 0;
  int32_t cluster = 0;  // of the unit
  auto operator<=>(const WordDraw&) const = default;
};

// The noise of one message; see Conversation.
class MessageNoise {
 public:
  // The random words of a draw; `draw.cluster` does not matter. The noise must
  // outlive the source.
  crypto::KeyedRandom For(const WordDraw& draw) const;

 private:
  friend class Conversation;
  MessageNoise(crypto::HashKey key, Repeats repeats)
      : key_(std::move(key)), repeats_(repeats) {}
  crypto::HashKey key_;
  Repeats repeats_;
};

// Noise that stays the same when history is sent again, and the record of what
// was charged for.
//
//   kFresh:  subkey = PRF(key; channel, role, index of the message)
//            draw   = PRF(subkey; word, part, unit)
//   kLinked: subkey = PRF(key; channel)
//            draw   = PRF(subkey; unit)
//
// with a key of 32 fresh random bytes and keyed BLAKE2b as PRF
// (crypto/keyed_hash.h). So the same word at the same place of the same
// message gives the same output: it tells nothing new, cannot be averaged, and
// is charged once. A place that is edited gets a new draw and is charged; that
// it changed can be seen. (A word put in or taken out moves all later words of
// its message to other places.)
//
// The guarantee is computational: it holds against those who cannot tell
// BLAKE2b under an unknown key from random, hence as long as the key stays in
// this process. The hash of the deployed channel is part of the input, since
// the same random bits under two tables break both (reference/privacy.md 6).
//
// Cost: 12 to 16 bytes a draw. Not thread-safe; to be moved, not copied.
class Conversation {
 public:
  // `channel`: a hash of the tables that the draws are made from; see
  // Sanitizer::StartConversation(). `random` makes the key: OsRandom.
  Conversation(const crypto::Digest& channel, Repeats repeats,
               RandomSource& random)
      : channel_(channel),
        repeats_(repeats),
        key_(crypto::HashKey::FromRandom(random)) {}

  const crypto::Digest& channel() const { return channel_; }
  Repeats repeats() const { return repeats_; }
  // All that was charged so far: the account of the conversation.
  const privacy::Charges& charges() const { return charges_; }

  MessageNoise NoiseOf(MessageId message) const;

  // Records the draws of one version of a message, in any order, and charges
  // those that were not charged before (each once, should it occur twice).
  // Returns what is charged now.
  privacy::Charges Charge(MessageId message, std::vector<WordDraw> draws);

 private:
  crypto::Digest channel_;
  Repeats repeats_;
  crypto::HashKey key_;
  privacy::Charges charges_;
  // Ascending. Linked: one list, under MessageId{}, of draws without place.
  std::map<MessageId, std::vector<WordDraw>> charged_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CONVERSATION_H_
