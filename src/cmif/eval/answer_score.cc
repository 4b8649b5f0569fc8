// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/answer_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cmif/base/random.h"
#include "cmif/client/classifier.h"
#include "cmif/model/manifest.h"
#include "cmif/model/verify.h"

namespace cmif::eval {
namespace {

constexpr uint32_t kMaxPromptTokens = 1024;

std::vector<double> Probabilities(std::span<const float> logits) {
  return client::Softmax(std::vector<float>(logits.begin(), logits.end()));
}

void Add(const AnswerScore& score, double weight, AnswerScore& sum) {
  sum.log_probability += weight * score.log_probability;
  sum.agreement += weight * score.agreement;
}

struct MeanAndError {
  double mean = 0;
  double standard_error = 0;  // 0 for one value
};

MeanAndError Summary(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  MeanAndError summary;
  for (const double value : values) summary.mean += value / count;
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) {
    squares += (value - summary.mean) * (value - summary.mean);
  }
  summary.standard_error = std::sqrt(squares / (count - 1) / count);
  return summary;
}

// What texts were scored, kind by kind.
class Scores {
 public:
  explicit Scores(size_t kinds) : of_kind_(kinds) {}

  void AddText(const AnswerScore& unprotected,
               const std::vector<AnswerScore>& of_kinds) {
    unprotected_.push_back(unprotected);
    for (size_t kind = 0; kind < of_kinds.size(); ++kind) {
      of_kind_[kind].push_back(of_kinds[kind]);
    }
  }

  RowScores Take() const {
    RowScores scores;
    scores.texts = unprotected_.size();
    const double weight = 1.0 / static_cast<double>(scores.texts);
    for (const AnswerScore& score : unprotected_) {
      Add(score, weight, scores.unprotected);
    }
    for (const std::vector<AnswerScore>& texts : of_kind_) {
      RowScore& kind = scores.kinds.emplace_back();
      std::vector<double> values;
      std::vector<double> gains;
      for (size_t i = 0; i < texts.size(); ++i) {
        Add(texts[i], weight, kind.mean);
        values.push_back(texts[i].log_probability);
        gains.push_back(values[i] - of_kind_[0][i].log_probability);
      }
      kind.standard_error = Summary(values).standard_error;
      const MeanAndError gain = Summary(gains);
      kind.gain = gain.mean;
      kind.gain_standard_error = gain.standard_error;
    }
    return scores;
  }

 private:
  std::vector<AnswerScore> unprotected_;
  std::vector<std::vector<AnswerScore>> of_kind_;
};

}  // namespace

Result<std::unique_ptr<AnswerModel>> AnswerModel::Open(
    client::ClientModel& model, uint32_t answer_tokens, int threads) {
  if (model.facts().partition == model::kPartitionHead) {
    return FailedPrecondition(
        "answers are scored with the head in the body: split the model with "
        "--head server");
  }
  std::unique_ptr<AnswerModel> answers(new AnswerModel(model, answer_tokens));
  const engine::RunnerOptions options = {
      .threads = threads,
      .sequences = 1,
      .sequence_tokens = kMaxPromptTokens + answer_tokens,
      .batch_rows = kMaxPromptTokens + answer_tokens,
      .classifier = answers->classifies()};
  CMIF_ASSIGN(
      answers->runner_,
      engine::LlamaRunner::Load(model.folder() / model::kBodyFile, options));
  return answers;
}

Result<model::PromptTokens> AnswerModel::Prompt(const std::string& text) const {
  const model::Tokenizer& tokenizer = model_.tokenizer();
  if (classifies()) {
    CMIF_ASSIGN(std::vector<int32_t> ids, tokenizer.Encode(text, true));
    std::vector<bool> of_user(ids.size(), true);
    return model::PromptTokens{std::move(ids), std::move(of_user)};
  }
  const std::vector<model::ChatMessage> messages = {{"user", text}};
  CMIF_ASSIGN(const auto parts, tokenizer.ApplyChatTemplate(messages));
  return tokenizer.EncodePrompt(parts);
}

std::vector<float> AnswerModel::Expand(
    std::span<const client::PromptRow> rows) const {
  const model::RowFormat& format = model_.table().format();
  std::vector<float> values(rows.size() * format.width());
  for (size_t i = 0; i < rows.size(); ++i) {
    format.Expand(rows[i].bytes, std::span(values).subspan(i * format.width(),
                                                           format.width()));
  }
  return values;
}

// Probabilities of the labels, or of the first token of the answer.
Result<std::vector<double>> AnswerModel::Read(
    std::span<const client::PromptRow> prompt) {
  if (prompt.size() + answer_tokens_ > runner_->sequence_tokens()) {
    return OutOfRange(fmt::format(
        "a text has {} tokens with its template, at most {} can be scored",
        prompt.size(), runner_->sequence_tokens() - answer_tokens_));
  }
  const std::vector<float> rows = Expand(prompt);
  if (classifies()) {
    const std::vector<std::span<const float>> sentences = {rows};
    CMIF_ASSIGN(const std::vector<float> logits, runner_->Classify(sentences));
    return Probabilities(logits);
  }
  runner_->ClearSequence(0);
  position_ = static_cast<int32_t>(prompt.size());
  const std::vector<engine::SequencePart> parts = {{0, 0, rows}};
  CMIF_TRY(runner_->Decode(parts));
  return Probabilities(runner_->Logits(0));
}

// Those of the token behind one of the answer.
Result<std::vector<double>> AnswerModel::Append(int32_t token) {
  const std::vector<client::PromptRow> row = {client::PlainRow(model_, token)};
  const std::vector<float> values = Expand(row);
  const std::vector<engine::SequencePart> parts = {{0, position_++, values}};
  CMIF_TRY(runner_->Decode(parts));
  return Probabilities(runner_->Logits(0));
}

Result<Answer> AnswerModel::AnswerTo(
    std::span<const client::PromptRow> prompt) {
  CMIF_ASSIGN(std::vector<double> next, Read(prompt));
  Answer answer = {static_cast<int32_t>(client::Likeliest(next))};
  if (classifies()) return answer;
  const std::vector<int32_t> ends = model_.tokenizer().EndTokens();
  while (answer.size() < answer_tokens_ &&
         std::ranges::find(ends, answer.back()) == ends.end()) {
    CMIF_ASSIGN(next, Append(answer.back()));
    answer.push_back(static_cast<int32_t>(client::Likeliest(next)));
  }
  return answer;
}

Result<AnswerScore> AnswerModel::Score(
    std::span<const client::PromptRow> prompt, const Answer& answer) {
  CMIF_ASSIGN(std::vector<double> next, Read(prompt));
  AnswerScore score;
  const double weight = 1.0 / static_cast<double>(answer.size());
  for (size_t i = 0; i < answer.size(); ++i) {
    if (i > 0) {
      CMIF_ASSIGN(next, Append(answer[i - 1]));
    }
    const auto token = static_cast<size_t>(answer[i]);
    Add({std::log(next[token]), client::Likeliest(next) == token ? 1.0 : 0.0},
        weight, score);
  }
  return score;
}

Result<RowScores> ScoreRows(AnswerModel& model, client::Sanitizer& sanitizer,
                            std::span<client::PromptRows> rows,
                            std::span<const std::string> texts, int draws,
                            uint64_t insecure_seed,
                            const ProgressFn& progress) {
  if (rows.empty() || texts.empty() || draws < 1) {
    return InvalidArgument("scores need texts, draws and kinds of rows");
  }
  InsecureSeededRandom random(insecure_seed);
  Scores scores(rows.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    CMIF_ASSIGN(const model::PromptTokens bare, model.Prompt(texts[i]));
    const auto own = client::PlainRows(sanitizer.model(), bare.ids);
    CMIF_ASSIGN(const Answer answer, model.AnswerTo(own));
    CMIF_ASSIGN(const AnswerScore unprotected, model.Score(own, answer));
    std::vector<AnswerScore> of_kinds(rows.size());
    for (int draw = 0; draw < draws; ++draw) {
      CMIF_ASSIGN(const client::Sanitized sanitized,
                  sanitizer.Sanitize(texts[i], random));
      CMIF_ASSIGN(const model::PromptTokens sent, model.Prompt(sanitized.text));
      for (size_t kind = 0; kind < rows.size(); ++kind) {
        CMIF_ASSIGN(const auto prompt, rows[kind].Of(sent));
        CMIF_ASSIGN(const AnswerScore score, model.Score(prompt, answer));
        Add(score, 1.0 / draws, of_kinds[kind]);
      }
      if (progress) {
        progress((static_cast<double>(i) + static_cast<double>(draw) / draws) /
                 static_cast<double>(texts.size()));
      }
    }
    scores.AddText(unprotected, of_kinds);
  }
  return scores.Take();
}

}  // namespace cmif::eval
