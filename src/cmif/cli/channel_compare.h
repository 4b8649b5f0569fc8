// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_CHANNEL_COMPARE_H_
#define CMIF_CLI_CHANNEL_COMPARE_H_

#include <CLI/App.hpp>

namespace cmif::cli {

// cmif channel compare.
void AddChannelCompare(CLI::App& channel, int& exit_code);

}  // namespace cmif::cli

#endif  // CMIF_CLI_CHANNEL_COMPARE_H_
