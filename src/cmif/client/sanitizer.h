// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_SANITIZER_H_
#define CMIF_CLIENT_SANITIZER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/conversation.h"
#include "cmif/client/word_units.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/accountant.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/charges.h"
#include "cmif/privacy/sampler.h"

namespace cmif::client {

// One word of the input and what it became.
struct WordChange {
  std::string before;
  std::string after;
  // Into another one; letter case, which units may not have, is no change.
  bool changed() const;
};

// A sanitized text and what was done to it. Everything that leaves the client
// is a function of `text` alone.
struct Sanitized {
  std::string text;
  std::vector<WordChange> words;   // every word and run of digits, in order
  uint64_t words_changed = 0;      // WordChange::changed()
  uint64_t words_public = 0;       // passed by the policy's public set
  uint64_t words_unprotected = 0;  // no randomness: identity, or a word that
                                   // stands alone in its class
  uint64_t words_charged = 0;      // draws charged now: charges.draws()
  uint64_t words_repeated = 0;     // draws that cost nothing: made before in
                                   // this conversation
  privacy::Charges charges;        // what this text adds to the account
};

// Replaces every word of a text by a draw from the channel of its unit
// (design.md, "The privacy core"). Not thread-safe: one a thread; the model
// and the channel may be shared. Copies share them, the sampler's tables and
// the account's curves.
class Sanitizer {
 public:
  // Without a channel: the identity, which protects nothing and says so.
  // `channel_hash`: OpenedChannel::sha256, which spares hashing all tables once
  // more; it must be the channel's, since draws depend on it.
  static Result<Sanitizer> Create(
      std::shared_ptr<ClientModel> model,
      std::shared_ptr<const privacy::Channel> channel,
      Repeats repeats = Repeats::kFresh,
      const std::optional<crypto::Digest>& channel_hash = std::nullopt);

  bool is_identity() const { return channel_ == nullptr; }
  const privacy::Channel* channel() const { return channel_.get(); }
  ClientModel& model() const { return *model_; }
  // The same, to be kept.
  const std::shared_ptr<const privacy::Channel>& shared_channel() const {
    return channel_;
  }
  const std::shared_ptr<ClientModel>& shared_model() const { return model_; }
  Repeats repeats() const { return repeats_; }

  // A conversation over this channel, its key from `random` (OsRandom). Goes
  // with every sanitizer of an equal channel.
  Conversation StartConversation(RandomSource& random) const {
    return {channel_hash_, repeats_, random};
  }

  // A message of a conversation. The same text again, with the same id, gives
  // the same result and is not charged again. What leaves no result charges
  // nothing. INVALID_ARGUMENT for text that is not UTF-8, has NUL bytes or
  // nothing but white space (punctuation alone is public and passes);
  // FAILED_PRECONDITION for a conversation over another channel.
  Result<Sanitized> Sanitize(std::string_view text, Conversation& conversation,
                             MessageId message);
  // A text that is a conversation of its own and is never sent again: fresh
  // draws come from `random` itself, which saves a keyed hash each.
  Result<Sanitized> Sanitize(std::string_view text, RandomSource& random);

  // What charges lose: those of one Sanitized, or of a whole conversation.
  // FAILED_PRECONDITION for the identity, which has no such number.
  Result<privacy::DocumentLoss> LossOf(const privacy::Charges& charges,
                                       privacy::Delta delta) const;

 private:
  struct Words;  // a text in pieces, every word with its units

  Sanitizer(std::shared_ptr<ClientModel> model,
            std::shared_ptr<const privacy::Channel> channel, Repeats repeats)
      : model_(std::move(model)),
        channel_(std::move(channel)),
        repeats_(repeats),
        word_units_(*model_, [](int32_t) { return true; }) {}
  Result<Words> Read(std::string_view text);
  // The unit that is drawn for a word.
  using DrawFn = std::function<int32_t(const WordDraw&)>;
  std::string Write(const WordDraw& place, const DrawFn& draw,
                    Sanitized& result) const;
  // All but the charges; `draws` gets what was drawn.
  Sanitized Replace(const Words& words, const DrawFn& draw,
                    std::vector<WordDraw>& draws) const;

  std::shared_ptr<ClientModel> model_;
  std::shared_ptr<const privacy::Channel> channel_;
  Repeats repeats_;
  crypto::Digest channel_hash_{};  // zero for the identity
  std::shared_ptr<const privacy::Sampler> sampler_;
  std::shared_ptr<const privacy::Accountant> accountant_;
  WordUnits word_units_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_SANITIZER_H_
