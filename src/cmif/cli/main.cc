// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "cmif/cli/commands.h"
#include "cmif/cli/terminal.h"

namespace {

// A word that can be a command or a flag; what a user wants to ask is not
// repeated in a message.
bool LooksLikeAName(std::string_view word) {
  return word.size() <= 24 &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == word.npos;
}

// Those words of a parser's message that are flags, as " (--a, --b)".
std::string NamedFlags(std::string_view message) {
  std::string flags;
  while (!message.empty()) {
    const size_t end = std::min(message.find_first_of(" \n"), message.size());
    const std::string_view word = message.substr(0, end);
    if (word.starts_with("--") && LooksLikeAName(word)) {
      flags += (flags.empty() ? " (" : ", ") + std::string(word);
    }
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return flags.empty() ? flags : flags + ")";
}

void SetVersion(CLI::App& app) {
  app.set_version_flag("--version", "cmif " CMIF_VERSION);
  for (CLI::App* command : app.get_subcommands({})) SetVersion(*command);
}

// "channel dump " of the commands that were given.
std::string ChosenNames(const CLI::App& app) {
  std::string names;
  for (auto chosen = app.get_subcommands(); !chosen.empty();
       chosen = chosen[0]->get_subcommands()) {
    names += chosen[0]->get_name() + " ";
  }
  return names;
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error,
                std::string_view first) {
  const auto chosen = app.get_subcommands();
  std::string what = error.what();
  if (chosen.empty() && !first.empty()) {
    what = fmt::format("there is no such {}{}",
                       first.starts_with('-') ? "flag" : "command",
                       LooksLikeAName(first) ? fmt::format(": {}", first) : "");
  } else if (error.get_exit_code() ==
             static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    what = fmt::format(
        "some arguments were not expected{}: a flag that does not exist, or a "
        "text without quotes around it",
        NamedFlags(error.what()));
  }
  fmt::print(stderr, "cmif: {}; see cmif {}--help\n",
             cmif::cli::ForTerminal(what), ChosenNames(app));
  return cmif::cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) try {
  // A reader that goes away is a write error, not a death; and ggml must not
  // start a debugger when it aborts (reference/engine.md 0).
  std::signal(SIGPIPE, SIG_IGN);
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
    return ReportUsage(app, error, argc > 1 ? argv[1] : "");
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
  // {fmt} throws when standard output cannot be written: its reader is gone or
  // the disk is full. Nothing else of ours throws this far.
  std::fprintf(stderr, "cmif: cannot go on: %s\n", error.what());
  return cmif::cli::kNotPermitted;
}
