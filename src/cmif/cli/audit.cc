// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/audit.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmif/base/file.h"
#include "cmif/cli/audit_language_model.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/read_texts.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/channel_store.h"
#include "cmif/crypto/sha256.h"
#include "cmif/eval/audit_report.h"

namespace cmif::cli {
namespace {

struct Flags {
  PrivacyOptions privacy;
  std::string text;
  std::string prior_text;
  std::string language_model;
  std::string report;
  uint64_t draws = 1'000'000;
  uint64_t seed = 1;
  uint64_t texts = 1000;
  bool json = false;
};

// Before anything is opened.
Result<void> CheckMechanism(const PrivacyOptions& options) {
  CMIF_ASSIGN(const auto asked, ParseChannel(options));
  if (asked) return {};
  return InvalidArgument(
      "--mechanism: identity protects nothing; there is nothing to audit");
}

// Without the name of the user's folder: reports are shown to others.
std::string Shown(std::string value) {
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return value;
  const std::string folder = std::string(home) + "/";
  size_t at = 0;
  while ((at = value.find(folder, at)) != std::string::npos) {
    value.replace(at, folder.size(), "~/");
  }
  return value;
}

Result<eval::Audit> Audit(const Flags& flags) {
  CMIF_TRY(CheckMechanism(flags.privacy));
  eval::AuditOptions options;
  options.draws = flags.draws;
  options.insecure_seed = flags.seed;
  CMIF_ASSIGN(options.texts, ReadTexts(flags.text, flags.texts));
  // The prior may be of a whole corpus.
  CMIF_ASSIGN(options.prior_texts, ReadTexts(flags.prior_text, SIZE_MAX));
  CMIF_TRY(CheckWritableFolder(flags.report));
  std::unique_ptr<eval::NextWordModel> language_model;
  if (!flags.language_model.empty()) {
    CMIF_ASSIGN(language_model, OpenLanguageModel(flags.language_model));
    options.language_model = language_model.get();
  }
  CMIF_ASSIGN(const auto model, OpenModel(flags.privacy.bundle));
  CMIF_ASSIGN(const auto wanted, ChannelOptionsOf(*model, flags.privacy));
  if (!wanted) return Internal("no channel");  // CheckMechanism() refused it
  Progress progress;
  const auto show = [&](std::string_view step, double share) {
    progress.Update(step, share);
  };
  CMIF_ASSIGN(const auto opened,
              client::OpenChannelWithHash(*model, *wanted, [&](double share) {
                show("channel", share);
              }));
  options.labels = {.sha256 = crypto::ToHex(opened.sha256),
                    .prior = client::PriorHash(*wanted),
                    .public_set = Shown(flags.privacy.policy.public_set),
                    .kinds = wanted->kinds};
  return eval::RunAudit(*model, *opened.channel, options, show);
}

// The command as it was given; it goes into the report.
std::string CommandOf(const CLI::App& command) {
  std::string line = "cmif " + command.get_name();
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    line += " " + option->get_name();
    if (option->get_expected_min() == 0) continue;  // a flag
    for (const std::string& value : option->results())
      line += " " + Shown(value);
  }
  return line;
}

int Run(const Flags& flags, const std::string& command) {
  const auto audit = Audit(flags);
  if (!audit) return Report(audit.error());
  const auto written = eval::WriteAuditReport(*audit, command, flags.report);
  if (!written) return Report(written.error().At("--report"));
  const double certified = audit->exact.epsilon_certified;
  if (flags.json) {
    fmt::print("{}\n", eval::AuditJson(*audit));
  } else {
    fmt::print(
        "eps* {:.6f} certified, at least {:.4f} by {} draws an input; "
        "report in {}\n",
        certified, audit->black_box.epsilon_lower, audit->black_box.draws,
        flags.report);
  }
  if (!audit->black_box.Refutes(certified)) return kOk;
  return Report({Code::kDataLoss,
                 "the draws refute the certified epsilon: do not use this "
                 "channel"});
}

}  // namespace

void AddAudit(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "audit",
      "measure a channel: exactly, by draws, and by attacks; writes a report");
  auto flags = std::make_shared<Flags>();
  AddChannelOptions(*command, flags->privacy);
  command
      ->add_option("--report", flags->report,
                   "folder for report.md, report.json and plots")
      ->required();
  command->add_option("--text", flags->text,
                      "texts to attack, one a line (first column of a table); "
                      "default: sentences of our own");
  command->add_option("--texts", flags->texts, "at most so many of them")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option(
      "--prior-text", flags->prior_text,
      "texts whose word frequencies the attacker knows; default: "
      "those of the attacked texts");
  command->add_option("--language-model", flags->language_model,
                      "a GGUF model that attacks by context");
  command
      ->add_option("--draws", flags->draws,
                   "draws from the sampler per audited word")
      ->capture_default_str()
      ->check(CLI::Range(100, 1'000'000'000));
  command
      ->add_option("--seed", flags->seed,
                   "of all draws here; insecure, for evaluation alone")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "print report.json too");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code =
        RunHardened(*command, [&] { return Run(*flags, CommandOf(*command)); });
  });
}

}  // namespace cmif::cli
