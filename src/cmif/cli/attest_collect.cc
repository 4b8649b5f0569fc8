// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cmif/base/file.h"
#include "cmif/cli/attester_options.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/crypto/sha256.h"

namespace cmif::cli {
namespace {

struct CollectOptions {
  AttesterFlags attester{.kind = "auto"};
  std::string report_data;
  std::string out;
  bool json = false;
};

struct Collected {
  std::string platform;
  platform::ReportData report_data;
  std::vector<uint8_t> evidence;
};

Result<Collected> Collect(const CollectOptions& options) {
  Collected collected;
  CMIF_ASSIGN(collected.report_data, ReadReportData(options.report_data));
  CMIF_ASSIGN(const auto attester, OpenAttester(options.attester));
  collected.platform = attester->platform();
  CMIF_ASSIGN(collected.evidence, attester->Collect(collected.report_data));
  CMIF_TRY(WriteFileAtomically(options.out, collected.evidence));
  return collected;
}

void Print(const Collected& collected, const CollectOptions& options) {
  if (!options.json) {
    fmt::print("{}: {} bytes of evidence, platform {}\n", options.out,
               collected.evidence.size(), collected.platform);
    return;
  }
  const nlohmann::ordered_json json = {
      {"file", options.out},
      {"platform", collected.platform},
      {"bytes", collected.evidence.size()},
      {"report_data", crypto::ToHex(collected.report_data)},
      {"sha256", crypto::ToHex(crypto::Sha256Of(collected.evidence))}};
  fmt::print("{}\n", JsonLine(json));
}

int Run(const CollectOptions& options) {
  const auto collected = Collect(options);
  if (!collected) return Report(collected.error());
  Print(*collected, options);
  return kOk;
}

}  // namespace

void AddAttestCollect(CLI::App& attest, int& exit_code) {
  CLI::App* command = attest.add_subcommand(
      "collect", "ask this machine for evidence of what runs in it");
  auto options = std::make_shared<CollectOptions>();
  AddAttesterOptions(*command, options->attester);
  command->add_option("--report-data", options->report_data,
                      "what REPORT_DATA shall be, in hex; zeros follow up to "
                      "64 bytes");
  command->add_option("--out", options->out, "the FILE to write")->required();
  command->add_flag("--json", options->json, "print what was written as JSON");
  command->callback([options, &exit_code] { exit_code = Run(*options); });
}

}  // namespace cmif::cli
