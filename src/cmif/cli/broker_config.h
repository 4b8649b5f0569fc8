// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BROKER_CONFIG_H_
#define CMIF_CLI_BROKER_CONFIG_H_

#include <CLI/App.hpp>

namespace cmif::cli {

// cmif broker config: writes the configuration that clients are bound to.
void AddBrokerConfig(CLI::App& broker, int& exit_code);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BROKER_CONFIG_H_
