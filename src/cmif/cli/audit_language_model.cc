// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/audit_language_model.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "cmif/base/file.h"
#include "cmif/base/parallel.h"
#include "cmif/engine/testing/plain_llama.h"
#include "cmif/model/tokenizer.h"

namespace cmif::cli {
namespace {

using engine::testing::PlainLlama;

// What stands before a word is cut to its last tokens.
constexpr size_t kMaxTokensBefore = 256;

class WholeModel final : public eval::NextWordModel {
 public:
  WholeModel(std::unique_ptr<PlainLlama> llama, model::Tokenizer tokenizer)
      : llama_(std::move(llama)), tokenizer_(std::move(tokenizer)) {}

  Result<std::vector<double>> ScoreWords(
      std::string_view before,
      std::span<const std::string> candidates) override {
    CMIF_TRY(MoveTo(before));
    // A word that is no text of its own (a part of a character) cannot be
    // judged: as unlikely as the unlikeliest token.
    const double unlikely = std::ranges::min(logits_);
    std::vector<double> scores;
    for (const std::string& candidate : candidates) {
      const int32_t token = FirstToken(candidate);
      const bool known =
          token >= 0 && static_cast<size_t>(token) < logits_.size();
      scores.push_back(known ? logits_[static_cast<size_t>(token)] : unlikely);
    }
    return scores;
  }

 private:
  // Logits after `before`; what the model has read already is not read again.
  Result<void> MoveTo(std::string_view before) {
    CMIF_ASSIGN(std::vector<int32_t> ids, tokenizer_.Encode(before, true));
    if (ids.empty()) ids = tokenizer_.EndTokens();
    if (ids.empty())
      return Unimplemented("the language model has no BOS token");
    if (ids.size() > kMaxTokensBefore) {
      ids.erase(ids.begin(),
                ids.end() - static_cast<std::ptrdiff_t>(kMaxTokensBefore));
    }
    const bool goes_on = read_.size() < ids.size() && !logits_.empty() &&
                         std::equal(read_.begin(), read_.end(), ids.begin());
    if (!goes_on && read_ == ids) return {};
    if (!goes_on) {
      llama_->Clear();
      read_.clear();
    }
    logits_ = llama_->Append(std::span(ids).subspan(read_.size()));
    if (logits_.empty()) return Internal("the language model cannot go on");
    read_ = std::move(ids);
    return {};
  }

  // -1 where there is none. Kept: the same words are asked about at each place.
  int32_t FirstToken(const std::string& word) {
    const auto [entry, is_new] = first_tokens_.try_emplace(word, -1);
    if (!is_new) return entry->second;
    const auto ids = tokenizer_.EncodeWord(word);
    if (ids && !ids->empty()) entry->second = (*ids)[0];
    return entry->second;
  }

  std::unique_ptr<PlainLlama> llama_;
  model::Tokenizer tokenizer_;
  std::unordered_map<std::string, int32_t> first_tokens_;
  std::vector<int32_t> read_;
  std::vector<float> logits_;
};

}  // namespace

Result<std::unique_ptr<eval::NextWordModel>> OpenLanguageModel(
    const std::filesystem::path& gguf) {
  CMIF_ASSIGN(const MappedFile file, MappedFile::Open(gguf));
  CMIF_ASSIGN(model::Tokenizer tokenizer,
              model::Tokenizer::Create(file.bytes()));
  CMIF_ASSIGN(std::unique_ptr<PlainLlama> llama,
              PlainLlama::Load(gguf, {.threads = HardwareThreads(),
                                      .context = 2 * kMaxTokensBefore}));
  return std::make_unique<WholeModel>(std::move(llama), std::move(tokenizer));
}

}  // namespace cmif::cli
