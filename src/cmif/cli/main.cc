// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/cli/commands.h"
#include "cmif/cli/terminal.h"
#include "cmif/text/printable.h"

namespace {

// A word that can be a command or a flag; what a user wants to ask is not
// repeated in a message.
bool LooksLikeAName(std::string_view word) {
  return word.size() <= 24 &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == word.npos;
}

bool IsPlain(std::string_view value) {
  return value.size() <= 40 && std::ranges::none_of(value, [](char c) {
           return static_cast<unsigned char>(c) <= ' ' ||
                  static_cast<unsigned char>(c) >= 0x7f;
         });
}

// A parser's message without the values it repeats: one may be the text that
// was to be asked, where a flag's own value was forgotten. What is short and
// plain may stay, unless a number was wanted.
std::string WithoutValues(std::string message, const CLI::ParseError& error,
                          std::span<char*> arguments) {
  if (error.get_exit_code() ==
      static_cast<int>(CLI::ExitCodes::ConversionError)) {
    return message.substr(0, message.find(" = ")) + ": not a number in range";
  }
  const size_t range = message.rfind(" not in range");
  const size_t from = message.find("Value ");
  if (range != message.npos && from != message.npos && from < range) {
    const size_t start = from + 6;
    const std::string given = message.substr(start, range - start);
    const bool number =
        given.find_first_not_of("0123456789.eE+-") == given.npos;
    if (!number) message.replace(start, given.size(), "...");
  }
  for (const char* const argument : arguments) {
    std::string_view value = argument;
    if (value.starts_with("--")) {
      value.remove_prefix(std::min(value.find('='), value.size() - 1) + 1);
    }
    if (value.empty() || IsPlain(value)) continue;
    for (size_t at = message.find(value); at != std::string::npos;
         at = message.find(value, at)) {
      message.replace(at, value.size(), "...");
    }
  }
  return message;
}

// The flags among what no command took, as " (--a, --b)".
std::string UnknownFlags(const CLI::App& app, std::span<char*> arguments) {
  std::vector<std::string> flags;
  // Behind a bare -- are texts, whatever they look like.
  if (std::ranges::find(arguments, std::string_view("--")) != arguments.end()) {
    return "";
  }
  for (const std::string& word : app.remaining(true)) {
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && LooksLikeAName(name)) flags.push_back(name);
  }
  return flags.empty() ? "" : fmt::format(" ({})", fmt::join(flags, ", "));
}

void SetVersion(CLI::App& app) {
  app.set_version_flag("--version", "cmif " CMIF_VERSION);
  for (CLI::App* command : app.get_subcommands({})) SetVersion(*command);
}

// The program and the commands that were given, the innermost last.
std::vector<const CLI::App*> Chosen(const CLI::App& app) {
  std::vector<const CLI::App*> chosen = {&app};
  while (!chosen.back()->get_subcommands().empty()) {
    chosen.push_back(chosen.back()->get_subcommands()[0]);
  }
  return chosen;
}

// What stands where a sub-command should, if one was needed; else "".
std::string_view WhereACommandShouldBe(std::span<const CLI::App* const> chosen,
                                       std::span<char*> arguments) {
  const size_t given = chosen.size() - 1;
  const bool needed = chosen.back()->get_require_subcommand_min() > 0;
  return needed && given < arguments.size() ? arguments[given] : "";
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error,
                std::span<char*> arguments) {
  std::string what = WithoutValues(error.what(), error, arguments);
  const std::string unknown = UnknownFlags(app, arguments);
  const auto chosen = Chosen(app);
  const std::string_view other = WhereACommandShouldBe(chosen, arguments);
  if (!other.empty()) {
    what = fmt::format("there is no such {}{}",
                       other.starts_with('-') ? "flag" : "command",
                       LooksLikeAName(other) ? fmt::format(": {}", other) : "");
  } else if (error.get_exit_code() ==
             static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    what = fmt::format(
        "some arguments were not expected{}: a flag that does not exist, or a "
        "text without quotes around it (sanitize and classify read texts from "
        "standard input, one a line)",
        unknown);
  } else if (error.get_exit_code() ==
             static_cast<int>(CLI::ExitCodes::RequiredError)) {
    // What was required may have been mistyped.
    if (!unknown.empty()) what += "; there is no such flag" + unknown;
  }
  std::ranges::replace(what, '\n', ' ');
  std::string names;
  for (const CLI::App* command : chosen) names += command->get_name() + " ";
  fmt::print(stderr, "cmif: {}; see {}--help\n", cmif::text::Printable(what),
             names);
  return cmif::cli::kUsage;
}

}  // namespace

// A mapped file that somebody made shorter cannot be read any more, and there
// is no way back from there.
extern "C" void OnBusError(int /*signal*/) {
  constexpr std::string_view kLine =
      "cmif: a file became shorter, or could not be read any more, while it "
      "was read; try again once nothing writes to it\n";
  const ssize_t told = write(STDERR_FILENO, kLine.data(), kLine.size());
  _exit(told < 0 ? cmif::cli::kNotPermitted : cmif::cli::kBadData);
}

int main(int argc, char** argv) try {
  // A reader that goes away is a write error, not a death; and ggml must not
  // start a debugger when it aborts (reference/engine.md 0).
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGBUS, OnBusError);
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the limit: likewise
  setenv("GGML_NO_BACKTRACE", "1", 0);

  CLI::App app{
      "CMIF: ask a language model on a server without showing it your words.\n"
      "The model is split at its embedding layer; every word is replaced "
      "under\n"
      "differential privacy before anything leaves this machine."};
  app.name("cmif");
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  int exit_code = cmif::cli::kOk;
  cmif::cli::AddSplit(app, exit_code);
  cmif::cli::AddInspect(app, exit_code);
  cmif::cli::AddVerify(app, exit_code);
  cmif::cli::AddServer(app, exit_code);
  cmif::cli::AddSanitize(app, exit_code);
  cmif::cli::AddClassify(app, exit_code);
  cmif::cli::AddAsk(app, exit_code);
  cmif::cli::AddChannel(app, exit_code);
  cmif::cli::AddAudit(app, exit_code);
  cmif::cli::AddDemo(app, exit_code);
  cmif::cli::AddAttest(app, exit_code);
  cmif::cli::AddBroker(app, exit_code);
  cmif::cli::AddDoctor(app, exit_code);
  cmif::cli::AddBench(app, exit_code);
  app.footer(
      "Exit codes: 0 done, 1 some input lines failed, 2 usage, 3 bad "
      "data, 4 not found,\n5 not permitted, 6 no server, 7 parts do not "
      "fit, 8 not supported, 9 a limit,\n10 already in use, 11 internal.");
  SetVersion(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // help, version
    return ReportUsage(app, error,
                       {argv + 1, static_cast<size_t>(std::max(argc, 1) - 1)});
  }
  // Buffered output may fail as late as here.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return cmif::cli::Report(
        {cmif::Code::kPermissionDenied,
         "cannot write standard output: its reader is gone or the disk is "
         "full"});
  }
  return exit_code;
} catch (const std::exception& error) {
  // {fmt} and `ask` throw when standard output cannot be written: its reader is
  // gone or the disk is full. Nothing else of ours throws this far.
  std::fprintf(stderr, "cmif: cannot go on: %s\n", error.what());
  return cmif::cli::kNotPermitted;
}
