// SPDX-License-Identifier: Apache-2.0
// The flags of attesters: whom this process asks for evidence of itself.
#ifndef CMIF_CLI_ATTESTER_OPTIONS_H_
#define CMIF_CLI_ATTESTER_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "cmif/base/status.h"
#include "cmif/platform/attester.h"

namespace cmif::cli {

struct AttesterFlags {
  std::string kind = "none";
  std::string simulated_key = {};
  std::string simulated_measurement = {};  // hex, as what follows
  std::string simulated_host_data = {};

  // Whether OpenAttester() must be asked.
  bool Any() const {
    return kind != "none" || !simulated_key.empty() ||
           !simulated_measurement.empty() || !simulated_host_data.empty();
  }
};
// --attester, whose default is what `flags` says, and --simulated-*. `flags`
// must live as long as the command. Where the command has them already, both
// get what they are given.
void AddAttesterOptions(CLI::App& command, AttesterFlags& flags);

// INVALID_ARGUMENT naming the flag, and the errors of platform::OpenAttester.
// Says on standard error if what it gives is simulated.
Result<std::unique_ptr<platform::Attester>> OpenAttester(
    const AttesterFlags& flags);

// Up to 64 bytes of --report-data; zeros follow. INVALID_ARGUMENT.
Result<platform::ReportData> ReadReportData(const std::string& hex);

}  // namespace cmif::cli

#endif  // CMIF_CLI_ATTESTER_OPTIONS_H_
