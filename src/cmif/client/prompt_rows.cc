// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/prompt_rows.h"

#include <algorithm>
#include <iterator>

#include "cmif/model/oblivious_rows.h"
#include "cmif/privacy/clustering.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

constexpr std::string_view kNames[] = {
    "plain", "posterior-raw", "posterior-own-norm", "posterior-mean-norm"};

constexpr uint32_t kPosteriorKey = 1U << 31;
static_assert(privacy::kMaxVocabulary <= kPosteriorKey);

MeanNorm NormOf(RowKind kind) {
  switch (kind) {
    case RowKind::kPosteriorOwnNorm:
      return MeanNorm::kOwn;
    case RowKind::kPosteriorMeanNorm:
      return MeanNorm::kMean;
    default:
      return MeanNorm::kRaw;
  }
}

}  // namespace

std::string_view RowKindName(RowKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

Result<RowKind> ParseRowKind(std::string_view name,
                             const model::ModelFacts& facts) {
  if (name == "posterior") {
    return facts.labels.empty() ? RowKind::kPosteriorMeanNorm
                                : RowKind::kPosteriorRaw;
  }
  const auto* const found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) {
    return InvalidArgument(
        "there are no such rows; known: plain, posterior, posterior-raw, "
        "posterior-own-norm, posterior-mean-norm");
  }
  return static_cast<RowKind>(found - std::begin(kNames));
}

PromptRow PlainRow(const ClientModel& model, int32_t id) {
  return PlainRows(model, std::span(&id, 1)).front();
}

std::vector<PromptRow> PlainRows(const ClientModel& model,
                                 std::span<const int32_t> ids) {
  const model::EmbeddingTable& table = model.table();
  const size_t row_bytes = table.format().row_bytes();
  std::shared_ptr<const SecretBytes> copy;
  if (model.row_fetch() == RowFetch::kOblivious) {
    copy = std::make_shared<const SecretBytes>(
        model::CopyRowsObliviously(table, ids));
  }
  std::vector<PromptRow> rows;
  rows.reserve(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    rows.push_back({static_cast<uint32_t>(ids[i]),
                    copy ? copy->bytes().subspan(i * row_bytes, row_bytes)
                         : table.Row(ids[i]),
                    copy});
  }
  return rows;
}

Result<PromptRows> PromptRows::Create(const Sanitizer& sanitizer,
                                      std::vector<double> prior, RowKind kind) {
  // Without a channel nothing is drawn, and all rows are plain.
  if (sanitizer.is_identity()) kind = RowKind::kPlain;
  PromptRows rows(sanitizer.shared_model(), kind);
  if (kind == RowKind::kPlain) return rows;
  CMIF_ASSIGN(
      privacy::Posterior posterior,
      privacy::Posterior::Create(sanitizer.shared_channel(), std::move(prior)));
  rows.posterior_.emplace(rows.model_, std::move(posterior), NormOf(kind));
  return rows;
}

// Whether the token is the rest of a word that another one began.
bool PromptRows::GoesOn(int32_t id) const {
  const std::string piece = model_->tokenizer().Piece(id);
  return !piece.empty() &&
         text::SplitWords(piece).front().kind == text::Piece::kWord;
}

bool PromptRows::IsDrawn(const privacy::Clustering& clustering,
                         const model::PromptTokens& prompt, size_t at) const {
  const int32_t id = prompt.ids[at];
  if (!prompt.of_user[at] || clustering.cluster_of(id) < 0) return false;
  const int32_t unit_class =
      model_->units().class_of()[static_cast<size_t>(id)];
  if (unit_class >= kFirstDigitsClass) return true;
  return unit_class == kWordClass &&
         (at + 1 == prompt.ids.size() || !GoesOn(prompt.ids[at + 1]));
}

Result<std::vector<PromptRow>> PromptRows::Of(
    const model::PromptTokens& prompt) {
  std::vector<PromptRow> rows = PlainRows(*model_, prompt.ids);
  if (!posterior_) return rows;
  const auto& clustering = posterior_->posterior().channel().clustering();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!IsDrawn(clustering, prompt, i)) continue;
    CMIF_ASSIGN(rows[i].bytes, posterior_->Row(prompt.ids[i]));
    rows[i].key |= kPosteriorKey;
  }
  return rows;
}

Result<std::vector<PromptRow>> PromptRows::OfText(std::vector<int32_t> ids) {
  std::vector<bool> of_user(ids.size(), true);
  return Of({std::move(ids), std::move(of_user)});
}

}  // namespace cmif::client
