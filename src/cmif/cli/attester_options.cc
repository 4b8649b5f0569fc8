// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/attester_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmif/cli/terminal.h"
#include "cmif/crypto/sha256.h"

namespace cmif::cli {
namespace {

Result<std::vector<uint8_t>> ReadHex(const char* flag, const std::string& hex) {
  auto bytes = crypto::FromHex(hex);
  if (!bytes) return InvalidArgument(std::string(flag) + " is not hex");
  return *std::move(bytes);
}

// Gives `value` too what an option of the command gets.
void AlsoSet(CLI::App& command, const char* option, std::string& value) {
  command.get_option(option)->each(
      [&value](const std::string& text) { value = text; });
}

}  // namespace

void AddAttesterOptions(CLI::App& command, AttesterFlags& flags) {
  // A command that asks a key broker and shows evidence in TLS has both.
  if (command.get_option_no_throw("--attester") != nullptr) {
    AlsoSet(command, "--attester", flags.kind);
    AlsoSet(command, "--simulated-key", flags.simulated_key);
    AlsoSet(command, "--simulated-measurement", flags.simulated_measurement);
    AlsoSet(command, "--simulated-host-data", flags.simulated_host_data);
    return;
  }
  command
      .add_option("--attester", flags.kind,
                  "whom to ask for evidence of this process: auto (what the "
                  "machine has), configfs, sev-guest, gramine, none, or "
                  "simulated, which proves nothing")
      ->capture_default_str()
      ->check(CLI::IsMember(
          {"auto", "configfs", "sev-guest", "gramine", "none", "simulated"}));
  command.add_option("--simulated-key", flags.simulated_key,
                     "of --attester simulated: its Ed25519 private key (PEM)");
  command.add_option("--simulated-measurement", flags.simulated_measurement,
                     "of --attester simulated: what was measured, 48 bytes in "
                     "hex");
  command.add_option("--simulated-host-data", flags.simulated_host_data,
                     "of --attester simulated: the host's data, 32 bytes in "
                     "hex; without it zeros");
}

Result<std::unique_ptr<platform::Attester>> OpenAttester(
    const AttesterFlags& flags) {
  const bool simulated = flags.kind == "simulated";
  if (!simulated &&
      (!flags.simulated_key.empty() || !flags.simulated_measurement.empty() ||
       !flags.simulated_host_data.empty())) {
    return InvalidArgument(
        "--simulated-key, --simulated-measurement and --simulated-host-data "
        "need --attester simulated");
  }
  platform::AttesterOptions options{.kind = flags.kind,
                                    .simulated_key_file = flags.simulated_key};
  CMIF_ASSIGN(options.measurement,
              ReadHex("--simulated-measurement", flags.simulated_measurement));
  CMIF_ASSIGN(options.host_data,
              ReadHex("--simulated-host-data", flags.simulated_host_data));
  CMIF_ASSIGN(auto attester, platform::OpenAttester(options));
  if (simulated) {
    Note(
        "SIMULATED evidence: it is signed by a key in a file and proves "
        "nothing about this machine");
  }
  return attester;
}

Result<platform::ReportData> ReadReportData(const std::string& hex) {
  platform::ReportData report_data{};
  const auto bytes = crypto::FromHex(hex);
  if (!bytes || bytes->size() > report_data.size()) {
    return InvalidArgument("--report-data: up to 64 bytes in hex are wanted");
  }
  std::ranges::copy(*bytes, report_data.begin());
  return report_data;
}

}  // namespace cmif::cli
