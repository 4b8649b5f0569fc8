// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cmif/cli/bench_report.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/terminal.h"

namespace cmif::cli {
namespace {

int Run(bool json) {
  if (!json) {
    fmt::print("{:34} {:>12} {:>12} {:>8}  {:10} {}\n", "name", "ours",
               "reference", "ratio", "unit", "reference is");
  }
  BenchReport report(json);
  for (const auto& part : {BenchSanitizer, BenchClassifier, BenchChat}) {
    if (const auto done = part(report); !done) return Report(done.error());
  }
  return kOk;
}

}  // namespace

void AddBench(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "bench",
      "measure against plain llama.cpp and the paper, both sides in one run");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "one JSON object a row");
  command->callback([json, &exit_code] { exit_code = Run(*json); });
}

}  // namespace cmif::cli
