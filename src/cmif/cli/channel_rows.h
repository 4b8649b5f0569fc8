// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_CHANNEL_ROWS_H_
#define CMIF_CLI_CHANNEL_ROWS_H_

#include <CLI/App.hpp>

namespace cmif::cli {

// cmif channel rows.
void AddChannelRows(CLI::App& channel, int& exit_code);

}  // namespace cmif::cli

#endif  // CMIF_CLI_CHANNEL_ROWS_H_
