// SPDX-License-Identifier: Apache-2.0
// Hardening of the commands that open a bundle or serve: docs/hardening.md.
#ifndef CMIF_CLI_HARDENING_H_
#define CMIF_CLI_HARDENING_H_

#include <CLI/App.hpp>
#include <functional>

#include "cmif/base/status.h"
#include "cmif/platform/hardening.h"

namespace cmif::cli {

void AddHardeningOption(CLI::App& command);

// What the options of a command that was parsed name: files and folders that
// exist (also inside NAME=FILE:NUMBER, with the signature FILE.sig beside) can
// be read, and the folder of --policy; --bundle's channels and where --output,
// --report and --state lie be written;
// ports of --server and --broker be connected to, of --listen be bound.
platform::HardeningPlan PlanOf(const CLI::App& command);

// Hardens the process for what the command's options name. With --no-hardening
// it says loudly that nothing is on, and gives a report without measures.
Result<platform::HardeningReport> HardenFor(const CLI::App& command);

// The same, then runs the command; says on standard error what is off.
int RunHardened(const CLI::App& command, const std::function<int()>& run);

}  // namespace cmif::cli

#endif  // CMIF_CLI_HARDENING_H_
