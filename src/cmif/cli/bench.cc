// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_tee.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/terminal.h"

namespace cmif::cli {
namespace {

int Run(const BenchOptions& options) {
  if (!options.json) {
    fmt::print("{:34} {:>12} {:>12} {:>8}  {:10} {}\n", "name", "ours",
               "reference", "ratio", "unit", "reference is");
  }
  BenchReport report(options);
  for (const auto& part :
       {BenchSanitizer, BenchBundle, BenchClassifier, BenchChat}) {
    if (const auto done = part(report); !done) return Report(done.error());
  }
  return kOk;
}

}  // namespace

void AddBench(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "bench",
      "measure against plain llama.cpp and the paper, both sides in one run");
  auto options = std::make_shared<BenchOptions>();
  command->add_flag("--json", options->json, "one JSON object a row");
  command
      ->add_option("--pairs", options->pairs,
                   "measurements of each side of a row, of which the median "
                   "counts; fewer than 7 are for a first look")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddBenchTee(*command, exit_code);
  command->callback([command, options, &exit_code] {
    if (command->get_subcommands().empty()) exit_code = Run(*options);
  });
}

}  // namespace cmif::cli
