// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_ANSWER_SCORE_H_
#define CMIF_EVAL_ANSWER_SCORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/sanitizer.h"
#include "cmif/engine/llama_runner.h"

namespace cmif::eval {

// What a model answers: the index of the likeliest label (one value), or the
// first tokens of the greedy answer, up to and with the end of its turn.
using Answer = std::vector<int32_t>;

// How likely an answer is, as means over its tokens.
struct AnswerScore {
  double log_probability = 0;  // natural logarithm
  double agreement = 0;  // share of its tokens that are the likeliest there
};

// The body of a split model, run in this process on rows as a client sends
// them. Not thread-safe.
class AnswerModel {
 public:
  // FAILED_PRECONDITION: a chat model whose head is on the client.
  // LlamaRunner::Load()'s errors. `model` must outlive the object.
  static Result<std::unique_ptr<AnswerModel>> Open(client::ClientModel& model,
                                                   uint32_t answer_tokens,
                                                   int threads);

  // The tokens of a text as they would be sent: a classifier's input, or one
  // question in the chat template. The tokenizer's errors.
  Result<model::PromptTokens> Prompt(const std::string& text) const;
  // OUT_OF_RANGE: the prompt is too long for the model.
  Result<Answer> AnswerTo(std::span<const client::PromptRow> prompt);
  Result<AnswerScore> Score(std::span<const client::PromptRow> prompt,
                            const Answer& answer);

 private:
  AnswerModel(client::ClientModel& model, uint32_t answer_tokens)
      : model_(model), answer_tokens_(answer_tokens) {}
  std::vector<float> Expand(std::span<const client::PromptRow> rows) const;
  Result<std::vector<double>> Read(std::span<const client::PromptRow> prompt);
  Result<std::vector<double>> Append(int32_t token);
  bool classifies() const { return !model_.facts().labels.empty(); }

  client::ClientModel& model_;
  uint32_t answer_tokens_;
  std::unique_ptr<engine::LlamaRunner> runner_;
  int32_t position_ = 0;
};

// One kind of rows, over all texts and draws.
struct RowScore {
  AnswerScore mean;
  double standard_error = 0;  // of mean.log_probability, over texts
  // Of the log-probability, over plain rows of the same draws.
  double gain = 0;
  double gain_standard_error = 0;
};

struct RowScores {
  uint64_t texts = 0;
  AnswerScore unprotected;
  std::vector<RowScore> kinds;  // as `rows`
};

// Sanitizes each text `draws` times and asks how likely the answer without
// protection stays, for each of `rows` (of which the first are the plain ones)
// with the same draws. INVALID_ARGUMENT: no texts, draws or rows.
Result<RowScores> ScoreRows(AnswerModel& model, client::Sanitizer& sanitizer,
                            std::span<client::PromptRows> rows,
                            std::span<const std::string> texts, int draws,
                            uint64_t insecure_seed,
                            const ProgressFn& progress = {});

}  // namespace cmif::eval

#endif  // CMIF_EVAL_ANSWER_SCORE_H_
