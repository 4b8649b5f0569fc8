// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cmif/cli/broker_config.h"
#include "cmif/cli/commands.h"

namespace cmif::cli {

void AddBroker(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "broker", "give bundles' keys to clients that prove what they run");
  command->require_subcommand(1);
  AddBrokerServe(*command, exit_code);
  AddBrokerAdmin(*command, exit_code);
  AddBrokerConfig(*command, exit_code);
}

}  // namespace cmif::cli
