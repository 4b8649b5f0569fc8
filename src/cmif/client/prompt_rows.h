// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_PROMPT_ROWS_H_
#define CMIF_CLIENT_PROMPT_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/posterior_rows.h"
#include "cmif/client/sanitizer.h"
#include "cmif/model/tokenizer.h"
#include "cmif/privacy/clustering.h"

namespace cmif::client {

// Which row leaves for a word that was drawn: that of the drawn unit, or the
// mean of those that it may have come from.
enum class RowKind : uint8_t {
  kPlain,
  kPosteriorRaw,
  kPosteriorOwnNorm,
  kPosteriorMeanNorm,
};

// "plain", "posterior-raw", "posterior-own-norm", "posterior-mean-norm".
std::string_view RowKindName(RowKind kind);
// Those names; and "posterior": the one that does best for this kind of model
// (docs/privacy.md, "Posterior-mean rows"). INVALID_ARGUMENT for all others.
Result<RowKind> ParseRowKind(std::string_view name,
                             const model::ModelFacts& facts);

// A row on its way and what a RowSender knows it by. A token's posterior row
// has another key than the token's own row, which it is sent beside: as part of
// a template, as a public word, or because the model generated it.
struct PromptRow {
  uint32_t key = 0;
  std::span<const uint8_t> bytes;  // in the table's own type
  // What keeps the bytes where they are a copy of the table's.
  std::shared_ptr<const SecretBytes> copy = nullptr;
};

// The table's own rows of tokens, fetched as the model was opened for; valid as
// long as the model.
PromptRow PlainRow(const ClientModel& model, int32_t id);
std::vector<PromptRow> PlainRows(const ClientModel& model,
                                 std::span<const int32_t> ids);

// Chooses the rows of a prompt that was sanitized. A function of the tokens of
// the sanitized text and of public data (model, channel, prior, kind), so all
// that is promised of the sanitized text holds for its rows.
//
// A posterior row stands for a token that
//   - is wholly text of the user's, no template's,
//   - is a unit that words or digits are drawn from: in a cluster, of the class
//     of whole words or of digits,
//   - is a whole word: what follows does not go on with it.
// All else leaves as a plain row: public words, punctuation, and a drawn word
// that the tokenizer writes otherwise than as its unit (a byte-pair tokenizer
// at the beginning of a line or behind an opening bracket, where no space marks
// the word's start). A word whose cluster has no other, and every word under
// the identity, has its plain row for a mean. A run of digits that the
// tokenizer cuts otherwise than it was drawn gets the means of the tokens that
// stand there.
//
// Not thread-safe.
class PromptRows {
 public:
  // Over the sanitizer's model and channel. `prior` as in privacy::Posterior;
  // its errors.
  static Result<PromptRows> Create(const Sanitizer& sanitizer,
                                   std::vector<double> prior, RowKind kind);

  RowKind kind() const { return kind_; }

  // One row for each token; valid as long as the object.
  // RowFormat::Compress()'s errors.
  Result<std::vector<PromptRow>> Of(const model::PromptTokens& prompt);
  // The same for a sanitized text without a template.
  Result<std::vector<PromptRow>> OfText(std::vector<int32_t> ids);

 private:
  PromptRows(std::shared_ptr<ClientModel> model, RowKind kind)
      : model_(std::move(model)), kind_(kind) {}
  bool IsDrawn(const privacy::Clustering& clustering,
               const model::PromptTokens& prompt, size_t at) const;
  bool GoesOn(int32_t id) const;

  std::shared_ptr<ClientModel> model_;
  RowKind kind_;
  std::optional<PosteriorRows> posterior_;  // none: plain rows
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_PROMPT_ROWS_H_
