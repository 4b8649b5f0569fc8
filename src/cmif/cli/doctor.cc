// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cmif/cli/commands.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/platform/diagnose_files.h"
#include "cmif/platform/diagnose_machine.h"
#include "cmif/text/printable.h"
#include "cmif/wire/address.h"

namespace cmif::cli {
namespace {

using platform::Finding;

constexpr std::chrono::seconds kConnectLimit{3};

struct Flags {
  std::string bundle;
  std::vector<std::string> keys;
  std::string server;
  std::string root = "/";
  bool json = false;
};

const char* NameOf(Finding::Result result) {
  switch (result) {
    case Finding::Result::kPass:
      return "pass";
    case Finding::Result::kWarn:
      return "warn";
    case Finding::Result::kFail:
      return "fail";
  }
  return "fail";
}

void Append(std::vector<Finding>& all, std::vector<Finding> more) {
  std::ranges::move(more, std::back_inserter(all));
}

Result<std::vector<Finding>> Diagnose(const Flags& flags) {
  std::vector<Finding> all = {platform::Pass("version", "cmif " CMIF_VERSION)};
  Append(all, platform::DiagnoseMachine(flags.root));
  Append(all, platform::DiagnoseHardening());
  if (!flags.bundle.empty()) {
    Append(all, platform::DiagnoseBundle(flags.bundle));
  }
  all.push_back(
      platform::DiagnoseDisk(flags.bundle.empty() ? "." : flags.bundle));
  for (const std::string& key : flags.keys) {
    all.push_back(platform::DiagnoseKey(key));
  }
  if (!flags.server.empty()) {
    const auto address = wire::Address::Parse(flags.server);
    if (!address) return std::unexpected(address.error().At("--server"));
    all.push_back(platform::DiagnosePort(address->host(), address->port(),
                                         kConnectLimit));
  }
  return all;
}

void Print(const Finding& finding, bool json) {
  if (json) {
    const nlohmann::ordered_json line = {{"id", finding.id},
                                         {"result", NameOf(finding.result)},
                                         {"observed", finding.observed},
                                         {"fix", finding.fix}};
    fmt::print("{}\n", JsonLine(line));
    return;
  }
  fmt::print("{}  {:27}  {}\n", NameOf(finding.result), finding.id,
             text::Printable(finding.observed));
  if (!finding.fix.empty()) {
    fmt::print("{:4}  {:27}  -> {}\n", "", "", text::Printable(finding.fix));
  }
}

int Run(const Flags& flags) {
  const auto findings = Diagnose(flags);
  if (!findings) return Report(findings.error());
  for (const Finding& finding : *findings) Print(finding, flags.json);
  const auto failed =
      std::ranges::count(*findings, Finding::Result::kFail, &Finding::result);
  if (failed == 0) return kOk;
  return Report({Code::kPermissionDenied,
                 fmt::format("{} of {} lines failed; each says what to do",
                             failed, findings->size())});
}

}  // namespace

void AddDoctor(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "what this machine gives and lacks: TEE, hardening, memory, clock, "
      "disk, ports, permissions");
  auto flags = std::make_shared<Flags>();
  command->add_option("--bundle", flags->bundle,
                      "look at this folder's permissions and disk too");
  command
      ->add_option("--key", flags->keys,
                   "look at this private or bundle key's permissions too; may "
                   "be repeated")
      ->allow_extra_args(false);
  command->add_option("--server", flags->server,
                      "HOST:PORT: try whether it accepts connections");
  command
      ->add_option("--root", flags->root,
                   "where /dev, /proc and /sys are (for tests)")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "one JSON object a line");
  command->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace cmif::cli
