// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>

#include "cmif/base/random.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/line_reader.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/client/chat.h"
#include "cmif/client/generator.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

// Why linked: docs/privacy.md, "Repeated words and re-sent history".
PrivacyOptions LinkedByDefault() {
  PrivacyOptions options;
  options.repeats = "linked";
  return options;
}

struct Flags {
  PrivacyOptions privacy = LinkedByDefault();
  RemoteFlags remote;
  client::GenerateOptions generate = {.temperature = 0.7F, .top_p = 0.95F};
  std::optional<uint64_t> seed;
  int timeout_seconds = 600;
  std::optional<std::string> question;
  std::string system;
  bool json = false;
};

nlohmann::ordered_json AnswerJson(const client::Sanitizer& sanitizer,
                                  client::RowKind rows,
                                  const client::Sanitized& asked,
                                  const client::Generation& made,
                                  privacy::Delta delta) {
  auto json = SanitizedJson(sanitizer, asked, delta);
  json["rows"] = client::RowKindName(rows);
  json["answer"] = made.text;
  json["finish_reason"] = made.reason;
  json["tokens_in"] = made.tokens_in;
  json["tokens_out"] = made.tokens_out;
  json["tokens_per_second"] = made.tokens_per_second();
  json["bytes_sent"] = made.bytes_sent;
  json["bytes_received"] = made.bytes_received;
  json["rows_revealed"] = sanitizer.model().ledger().rows_revealed();
  return json;
}

void PrintSummary(const client::Sanitized& asked,
                  const client::Generation& made) {
  Note(fmt::format(
      "{} of {} words changed, {} tokens in, {} out ({:.0f} a second), {} "
      "bytes sent, {} received",
      asked.words_changed, asked.words.size(), made.tokens_in, made.tokens_out,
      made.tokens_per_second(), made.bytes_sent, made.bytes_received));
}

// What left, and what it cost.
void PrintCharges(const client::Sanitizer& sanitizer,
                  const client::Sanitized& asked, privacy::Delta delta) {
  Note("asked: " + text::Printable(asked.text));
  DocumentLosses losses(sanitizer, delta);
  losses.Add(asked.charges);
  if (const std::string line = losses.Line(); !line.empty()) {
    Note(line + "; asking again is charged again");
  }
  Note(RevealedLine(sanitizer.model().ledger()));
}

Result<client::Generation> Answer(const Flags& flags, client::Remote& remote,
                                  client::ClientModel& model,
                                  const client::ChatPrompt& prompt,
                                  RandomSource& random) {
  client::GenerateOptions generate = flags.generate;
  generate.seed = flags.seed.value_or(random.Next32());
  generate.timeout = std::chrono::seconds(flags.timeout_seconds);
  bool shown = false;
  const auto show = [&](std::string_view text) {
    if (flags.json) return;
    shown = true;
    if (isatty(STDOUT_FILENO) == 1) {
      fmt::print("{}", text::Printable(text));
    } else {
      fmt::print("{}", text);
    }
    // Nobody reads on: the answer ends here, as where {fmt} throws.
    if (fflush(stdout) != 0) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot write standard output");
    }
  };
  auto made = client::Generate(remote, model, prompt.rows, generate, show);
  if (shown) fmt::print("\n");
  return made;
}

// All of standard input, without the newline at its end.
Result<std::string> ReadQuestion() {
  LineReader lines(STDIN_FILENO);
  std::string question;
  for (size_t number = 0; auto line = lines.Next(); ++number) {
    if (number > 0) question += '\n';
    question += line->text;
    if (line->too_long || question.size() > LineReader::kMaxLineBytes) {
      return OutOfRange("the question is longer than 16 MiB");
    }
  }
  CMIF_TRY(lines.error());
  return question;
}

int Run(Flags& flags) {
  const auto delta =
      CheckPrivacyOptions(flags.privacy, &flags.remote.server_key);
  if (!delta) return Report(delta.error());
  auto model = OpenModel(flags.privacy.bundle);
  if (!model) return Report(model.error());
  auto remote = ConnectTo(flags.remote, (*model)->facts(),
                          flags.privacy.bundle.broker.UsesAttester());
  if (!remote) return Report(remote.error());
  auto sanitizer = MakeSanitizer(*model, flags.privacy);
  if (!sanitizer) return Report(sanitizer.error());
  auto rows = MakePromptRows(*sanitizer, flags.privacy);
  if (!rows) return Report(rows.error());
  if (!flags.question) {
    auto question = ReadQuestion();
    if (!question) return Report(question.error());
    flags.question = *std::move(question);
  }
  Note(GuaranteeLine(*sanitizer));
  OsRandom random;
  const auto prompt = client::PrepareChat(*sanitizer, *rows, flags.system,
                                          *flags.question, random);
  if (!prompt) return Report(prompt.error());
  const client::Sanitized& asked = prompt->sanitized;
  // Whatever becomes of the answer.
  const auto tell_charges = [&] {
    if ((*model)->ledger().rows_revealed() == 0) return;
    PrintCharges(*sanitizer, asked, *delta);
  };
  try {
    const auto made = Answer(flags, **remote, **model, *prompt, random);
    if (!made) {
      tell_charges();
      return Report(made.error());
    }
    if (flags.json) {
      fmt::print("{}\n", JsonLine(AnswerJson(*sanitizer, rows->kind(), asked,
                                             *made, *delta)));
      if (fflush(stdout) != 0) tell_charges();  // main() says why
      return kOk;
    }
    tell_charges();
    PrintSummary(asked, *made);
    return kOk;
  } catch (const std::exception&) {  // standard output cannot be written
    tell_charges();
    throw;
  }
}

// CLI11's ranges hold for nan.
std::string IsNumber(const std::string& text) {
  return text.find_first_not_of("0123456789.eE+-") == std::string::npos
             ? ""
             : "is not a number";
}

void AddGenerateOptions(CLI::App& command, Flags& flags) {
  command
      .add_option("--temperature", flags.generate.temperature,
                  "0: always the likeliest token")
      ->capture_default_str()
      ->check(CLI::Range(0.0F, 100.0F))
      ->check(IsNumber);
  command
      .add_option("--top-p", flags.generate.top_p,
                  "draw from the likeliest tokens of this total probability")
      ->capture_default_str()
      ->check(CLI::Range(0.0001F, 1.0F))
      ->check(IsNumber);
  command
      .add_option("--seed", flags.seed,
                  "of the token sampler, never of the noise; 0 to 2^64-1; "
                  "default: random")
      ->check([](const std::string& text) {
        return text.starts_with('-') ? "is below 0" : "";
      });
  command.add_option("--max-tokens", flags.generate.max_tokens)
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000000U));
  command
      .add_option("--stop", flags.generate.stop,
                  "end the answer before this text; may be repeated")
      ->check([](const std::string& text) {
        return text.empty() ? "is empty: it would stop at once" : "";
      })
      ->allow_extra_args(false);
  command
      .add_option("--timeout", flags.timeout_seconds,
                  "seconds for the whole answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400));
}

}  // namespace

void AddAsk(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "ask", "ask a chat model on a server that never sees your words");
  auto flags = std::make_shared<Flags>();
  command->add_option("question", flags->question,
                      "the question; without it standard input is read");
  command->add_option("--system", flags->system,
                      "system prompt; sanitized like the question");
  AddPrivacyOptions(*command, flags->privacy);
  AddRowsOption(*command, flags->privacy);
  AddRemoteOptions(*command, flags->remote);
  AddGenerateOptions(*command, *flags);
  command->add_flag("--json", flags->json, "print one JSON object at the end");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*flags); });
  });
}

}  // namespace cmif::cli
