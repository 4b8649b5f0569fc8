// SPDX-License-Identifier: Apache-2.0
// One thin file per sub-command: each adds itself to the program and sets
// `exit_code` when it ran.
#ifndef CMIF_CLI_COMMANDS_H_
#define CMIF_CLI_COMMANDS_H_

#include <CLI/App.hpp>

namespace cmif::cli {

void AddSplit(CLI::App& app, int& exit_code);
void AddInspect(CLI::App& app, int& exit_code);
void AddVerify(CLI::App& app, int& exit_code);
void AddServer(CLI::App& app, int& exit_code);
void AddSanitize(CLI::App& app, int& exit_code);
void AddClassify(CLI::App& app, int& exit_code);
void AddAsk(CLI::App& app, int& exit_code);
void AddChannel(CLI::App& app, int& exit_code);
void AddAudit(CLI::App& app, int& exit_code);
void AddDemo(CLI::App& app, int& exit_code);
void AddAttest(CLI::App& app, int& exit_code);
void AddDoctor(CLI::App& app, int& exit_code);
// `attest collect`; AddAttest() calls it.
void AddAttestCollect(CLI::App& attest, int& exit_code);
void AddBroker(CLI::App& app, int& exit_code);
// Of `broker`; AddBroker() calls them.
void AddBrokerAdmin(CLI::App& broker, int& exit_code);
void AddBrokerServe(CLI::App& broker, int& exit_code);
void AddBench(CLI::App& app, int& exit_code);

}  // namespace cmif::cli

#endif  // CMIF_CLI_COMMANDS_H_
