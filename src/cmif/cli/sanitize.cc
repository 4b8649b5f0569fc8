// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cmif/base/random.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/line_reader.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"

namespace cmif::cli {
namespace {

struct Flags {
  PrivacyOptions privacy;
  bool json = false;
};

Result<client::Sanitized> SanitizeLine(client::Sanitizer& sanitizer,
                                       const LineReader::Line& line,
                                       RandomSource& random) {
  if (line.too_long) return LineReader::TooLong();
  return sanitizer.Sanitize(line.text, random);
}

int Run(const Flags& flags) {
  const auto delta = CheckPrivacyOptions(flags.privacy);
  if (!delta) return Report(delta.error());
  auto model = OpenModel(flags.privacy.bundle);
  if (!model) return Report(model.error());
  auto sanitizer = MakeSanitizer(*std::move(model), flags.privacy);
  if (!sanitizer) return Report(sanitizer.error());
  Note(GuaranteeLine(*sanitizer));
  LineReader lines(STDIN_FILENO);
  OsRandom random;
  DocumentLosses losses(*sanitizer, *delta);
  int exit_code = kOk;
  for (size_t number = 1; const auto line = lines.Next(); ++number) {
    const auto result = SanitizeLine(*sanitizer, *line, random);
    if (!result) {
      exit_code = kSomeLinesFailed;
      Report(result.error().At(fmt::format("line {}", number)));
      const nlohmann::json error = {{"error", result.error().message()}};
      fmt::print("{}\n", flags.json ? JsonLine(error) : "error");
    } else if (flags.json) {
      fmt::print("{}\n", JsonLine(SanitizedJson(*sanitizer, *result, *delta)));
    } else {
      fmt::print("{}\n", result->text);
      losses.Add(result->charges);
    }
    if (!lines.Ready() && fflush(stdout) != 0) break;  // main() reports it
  }
  if (const std::string line = losses.Line(); !line.empty()) Note(line);
  if (const auto read = lines.error(); !read) return Report(read.error());
  return exit_code;
}

}  // namespace

void AddSanitize(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "sanitize",
      "replace the words of each input line under differential privacy; no "
      "server needed");
  auto flags = std::make_shared<Flags>();
  AddPrivacyOptions(*command, flags->privacy);
  command->add_flag("--json", flags->json, "one JSON object a line");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*flags); });
  });
}

}  // namespace cmif::cli
