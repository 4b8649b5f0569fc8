// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_SANITIZER_H_
#define CMIF_CLIENT_SANITIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/sampler.h"

namespace cmif::client {

// One word of the input and what it became.
struct WordChange {
  std::string before;
  std::string after;
};

// A sanitized text and what was done to it. Everything that leaves the client
// is a function of `text` alone.
struct Sanitized {
  std::string text;
  std::vector<WordChange> words;   // every word and run of digits, in order
  uint64_t words_changed = 0;      // written otherwise than before
  uint64_t words_public = 0;       // passed by the policy's public set
  uint64_t words_unprotected = 0;  // no randomness: identity, or a word that
                                   // stands alone in its class
  uint64_t words_charged = 0;      // draws from a channel
};

// Replaces every word of a text by a draw from the channel of its unit
// (design.md, "The privacy core"). Not thread-safe: one a thread; the model
// and the channel may be shared.
class Sanitizer {
 public:
  // Without a channel: the identity, which protects nothing and says so.
  static Result<Sanitizer> Create(
      std::shared_ptr<ClientModel> model,
      std::shared_ptr<const privacy::Channel> channel);

  bool is_identity() const { return channel_ == nullptr; }
  const privacy::Channel* channel() const { return channel_.get(); }
  ClientModel& model() const { return *model_; }

  // INVALID_ARGUMENT for text that is not UTF-8, has NUL bytes or nothing
  // but white space. Punctuation alone is public and passes.
  Result<Sanitized> Sanitize(std::string_view text, RandomSource& random);

 private:
  Sanitizer(std::shared_ptr<ClientModel> model,
            std::shared_ptr<const privacy::Channel> channel)
      : model_(std::move(model)), channel_(std::move(channel)) {}
  Result<int32_t> UnitOfWord(std::string_view word);
  Result<std::vector<int32_t>> UnitsOfDigits(std::string_view digits);
  std::string Draw(int32_t unit, RandomSource& random, Sanitized& result);
  Result<std::string> Replace(std::string_view word, bool digits,
                              RandomSource& random, Sanitized& result);

  std::shared_ptr<ClientModel> model_;
  std::shared_ptr<const privacy::Channel> channel_;
  std::optional<privacy::Sampler> sampler_;
  // Words that are no unit themselves -> nearest unit. Bounded.
  std::unordered_map<std::string, int32_t> nearest_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_SANITIZER_H_
