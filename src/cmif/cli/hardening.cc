// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/hardening.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/cli/terminal.h"
#include "cmif/wire/address.h"

namespace cmif::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint16_t kHttpsPort = 443;
// Options that take a text of the user, never a file.
constexpr std::array kTexts = {"question", "system", "stop"};

// What was given, or else the default.
std::vector<std::string> ValuesOf(const CLI::Option& option) {
  if (option.count() > 0) return option.results();
  if (option.get_default_str().empty()) return {};
  return {option.get_default_str()};
}

// Files that a folder's links lead to are read by their own names.
void AddReadable(const fs::path& path, platform::HardeningPlan& plan) {
  std::error_code error;
  if (!fs::exists(path, error)) return;
  plan.readable.push_back(path.string());
  if (!fs::is_directory(path, error)) return;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (!entry.is_symlink(error)) continue;
    const fs::path target = fs::canonical(entry.path(), error);
    if (!error) plan.readable.push_back(target.string());
  }
}

// VALUE, FILE of NAME=FILE, FILE of NAME=FILE:NUMBER, with their signatures and
// the manifest beside them, which says who a sealed bundle is from.
void AddFilesOf(const std::string& value, platform::HardeningPlan& plan) {
  const std::string file = value.substr(value.find('=') + 1);
  for (const std::string& path :
       {value, file, file.substr(0, file.rfind(':'))}) {
    if (path.empty()) continue;
    AddReadable(path, plan);
    AddReadable(path + ".sig", plan);
    AddReadable(fs::path(path).parent_path() / "manifest.json", plan);
  }
}

// The folder itself, or the nearest one above that exists.
std::string ExistingFolder(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error);
  while (!fs::is_directory(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path.string();
}

// HOST:PORT, or a URL, whose port may be that of its scheme.
void AddPort(std::string_view text, std::vector<uint16_t>& ports) {
  const size_t scheme = text.find("://");
  if (scheme != text.npos) {
    text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find('/'));
  }
  if (const auto address = wire::Address::Parse(text)) {
    ports.push_back(address->port());
  } else if (scheme != text.npos) {
    ports.push_back(kHttpsPort);
  }
}

void AddOption(const CLI::Option& option, platform::HardeningPlan& plan) {
  const std::string& name = option.get_single_name();
  if (std::ranges::count(kTexts, name) > 0) return;
  for (const std::string& value : ValuesOf(option)) {
    if (name == "listen") {
      AddPort(value, plan.listen_ports);
    } else if (name == "server" || name == "broker") {
      AddPort(value, plan.connect_ports);
    } else if (name == "output" || name == "out" || name == "report" ||
               name == "state") {
      plan.writable.push_back(ExistingFolder(value));
    } else if (name == "gpu-layers") {
      plan.gpu = value != "0";
    } else {
      AddFilesOf(value, plan);
    }
    // A broker reads its policy again; by then it may be a new file.
    if (name == "policy") plan.readable.push_back(ExistingFolder(value));
    // Channels are kept beside the bundle; the first makes their folder.
    if (name == "bundle") {
      plan.writable.push_back(ExistingFolder(fs::path(value) / "channels"));
    }
  }
}

}  // namespace

void AddHardeningOption(CLI::App& command) {
  command.add_flag("--no-hardening")
      ->description(
          "for debuggers and profilers: keep core dumps, all files, "
          "ports and system calls");
}

platform::HardeningPlan PlanOf(const CLI::App& command) {
  platform::HardeningPlan plan;
  for (const CLI::Option* option : command.get_options()) {
    AddOption(*option, plan);
  }
  return plan;
}

Result<platform::HardeningReport> HardenFor(const CLI::App& command) {
  if (command.count("--no-hardening") > 0) {
    Note(
        "WARNING: --no-hardening: this process can be dumped, traced and made "
        "to reach every file and port of its user");
    return platform::HardeningReport{};
  }
  return platform::Harden(PlanOf(command));
}

int RunHardened(const CLI::App& command, const std::function<int()>& run) {
  const auto hardened = HardenFor(command);
  if (!hardened) return Report(hardened.error());
  if (!hardened->AllOn()) Note(hardened->Line() + "; see cmif doctor");
  return run();
}

}  // namespace cmif::cli
