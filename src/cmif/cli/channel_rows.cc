// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/channel_rows.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/read_texts.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/eval/answer_score.h"
#include "cmif/eval/own_sentences.h"
#include "cmif/eval/row_error.h"

namespace cmif::cli {
namespace {

struct Flags {
  PrivacyOptions privacy;
  std::string text;
  size_t texts = 1000;
  int draws = 0;
  uint32_t answer_tokens = 16;
  uint64_t seed = 1;
  bool json = false;
};

// What is said of one kind of rows.
struct Line {
  client::RowKind kind;
  eval::RowError error;
  std::optional<eval::RowScore> score;
};

struct Measured {
  double epsilon = 0;  // as asked
  std::vector<Line> lines = {};
  std::optional<eval::RowScores> scores = std::nullopt;
};

Result<std::vector<client::PromptRows>> AllRows(
    const client::Sanitizer& sanitizer, PrivacyOptions options) {
  std::vector<client::PromptRows> all;
  for (const client::RowKind kind :
       {client::RowKind::kPlain, client::RowKind::kPosteriorRaw,
        client::RowKind::kPosteriorOwnNorm,
        client::RowKind::kPosteriorMeanNorm}) {
    options.rows = client::RowKindName(kind);
    CMIF_ASSIGN(client::PromptRows rows, MakePromptRows(sanitizer, options));
    all.push_back(std::move(rows));
  }
  return all;
}

Result<eval::RowScores> ScoresOf(const Flags& flags,
                                 client::Sanitizer& sanitizer,
                                 std::span<client::PromptRows> rows) {
  CMIF_ASSIGN(std::vector<std::string> texts,
              ReadTexts(flags.text, flags.texts));
  if (texts.empty()) texts = eval::OwnSentences();
  CMIF_ASSIGN(const auto answers,
              eval::AnswerModel::Open(sanitizer.model(), flags.answer_tokens,
                                      HardwareThreads()));
  Progress progress;
  return eval::ScoreRows(
      *answers, sanitizer, rows, texts, flags.draws, flags.seed,
      [&](double share) { progress.Update("answers", share); });
}

Result<Measured> Measure(const Flags& flags) {
  CMIF_ASSIGN(const auto asked, ParseChannel(flags.privacy));
  if (!asked) {
    return InvalidArgument(
        "--mechanism: under the identity every row is the word's own");
  }
  CMIF_ASSIGN(const auto model, OpenModel(flags.privacy.bundle));
  PrivacyOptions options = flags.privacy;
  // As cmif ask and classify do.
  options.repeats = model->facts().labels.empty() ? "linked" : "fresh";
  CMIF_ASSIGN(client::Sanitizer sanitizer, MakeSanitizer(model, options));
  CMIF_ASSIGN(const std::vector<double> prior, PriorOf(*model, options));
  CMIF_ASSIGN(auto rows, AllRows(sanitizer, options));
  Measured report{.epsilon = asked->spec.epsilon.value()};
  if (flags.draws > 0) {
    CMIF_ASSIGN(report.scores, ScoresOf(flags, sanitizer, rows));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    CMIF_ASSIGN(const eval::RowError error,
                eval::ExpectedRowError(sanitizer, prior, rows[i]));
    Line& line = report.lines.emplace_back(Line{rows[i].kind(), error, {}});
    if (report.scores) line.score = report.scores->kinds[i];
  }
  return report;
}

nlohmann::ordered_json LineJson(const Flags& flags, const Measured& report,
                                const Line& line) {
  nlohmann::ordered_json json = {
      {"rows", client::RowKindName(line.kind)},
      {"mechanism", flags.privacy.mechanism},
      {"epsilon", report.epsilon},
      {"words", line.error.words},
      {"relative_error", line.error.relative_error},
      {"relative_length", line.error.relative_length},
      {"told_apart", line.error.told_apart}};
  if (!line.score || !report.scores) return json;
  json["texts"] = report.scores->texts;
  json["draws"] = flags.draws;
  json["answer_log_probability"] = line.score->mean.log_probability;
  json["answer_log_probability_error"] = line.score->standard_error;
  json["answer_gain"] = line.score->gain;
  json["answer_gain_error"] = line.score->gain_standard_error;
  json["answer_agreement"] = line.score->mean.agreement;
  json["answer_log_probability_unprotected"] =
      report.scores->unprotected.log_probability;
  return json;
}

void Print(const Measured& report) {
  fmt::print("{:20} {:>8} {:>8} {:>9}", "rows", "error", "length", "y known");
  if (report.scores) {
    fmt::print(" {:>9} {:>20} {:>8}", "ln P", "gain over plain", "agrees");
  }
  fmt::print("\n");
  for (const Line& line : report.lines) {
    fmt::print("{:20} {:8.4f} {:8.4f} {:9.4f}", client::RowKindName(line.kind),
               line.error.relative_error, line.error.relative_length,
               line.error.told_apart);
    if (line.score) {
      fmt::print(" {:9.4f} {:10.4f} +- {:6.4f} {:8.4f}",
                 line.score->mean.log_probability, line.score->gain,
                 line.score->gain_standard_error, line.score->mean.agreement);
    }
    fmt::print("\n");
  }
  if (!report.scores) return;
  fmt::print(
      "ln P: of the unprotected answer, mean over its tokens and {} texts; "
      "unprotected {:.4f}\n",
      report.scores->texts, report.scores->unprotected.log_probability);
}

Result<void> Rows(const Flags& flags) {
  CMIF_ASSIGN(const Measured report, Measure(flags));
  if (!flags.json) {
    Print(report);
    return {};
  }
  for (const Line& line : report.lines) {
    fmt::print("{}\n", JsonLine(LineJson(flags, report, line)));
  }
  return {};
}

}  // namespace

void AddChannelRows(CLI::App& channel, int& exit_code) {
  CLI::App* command = channel.add_subcommand(
      "rows",
      "plain and posterior-mean rows: how near they are to the words' own, and "
      "with --draws how the model answers to them");
  auto flags = std::make_shared<Flags>();
  AddChannelOptions(*command, flags->privacy);
  command
      ->add_option("--draws", flags->draws,
                   "sanitize each text so often and score the answers; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000));
  command->add_option("--text", flags->text,
                      "texts, one a line (first column of a table); without "
                      "it sentences of our own");
  command->add_option("--texts", flags->texts, "at most so many of them")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--answer-tokens", flags->answer_tokens,
                   "of a chat model's unprotected answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command
      ->add_option("--seed", flags->seed,
                   "of the draws, which protect nobody here")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "one JSON object a line");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] {
      const auto result = Rows(*flags);
      return result ? kOk : Report(result.error());
    });
  });
}

}  // namespace cmif::cli
