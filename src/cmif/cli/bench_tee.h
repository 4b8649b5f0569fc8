// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BENCH_TEE_H_
#define CMIF_CLI_BENCH_TEE_H_

#include <CLI/App.hpp>

namespace cmif::cli {

// `cmif bench tee`: the paper's table of what a TEE costs, redone: crossings,
// bytes and time of a generated token for the partitions none, embedding and
// embedding+head, measured, and for "non-linear layers in the TEE" computed.
void AddBenchTee(CLI::App& bench, int& exit_code);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_TEE_H_
