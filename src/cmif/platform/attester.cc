// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/attester.h"

#include <optional>

#include "cmif/platform/configfs_attester.h"
#include "cmif/platform/gramine_attester.h"
#include "cmif/platform/sev_guest_attester.h"
#include "cmif/platform/simulated_attester.h"

namespace cmif::platform {
namespace {

class NoAttester final : public Attester {
 public:
  std::string_view platform() const override { return "none"; }
  Result<std::vector<uint8_t>> Collect(const ReportData&) override {
    return FailedPrecondition("there is no evidence without an attester");
  }
};

Result<std::unique_ptr<Attester>> OpenMachine(const std::string& kind,
                                              const std::string& root) {
  if (kind == "gramine") return GramineAttester::Open(MachineFiles(root));
  if (kind == "configfs") return ConfigfsAttester::Open(MachineFiles(root));
  return SevGuestAttester::Open(root);
}

// The first that works. Within Gramine the host's kernel is not to be asked;
// configfs-tsm is newer than the device.
Result<std::unique_ptr<Attester>> OpenAny(const std::string& root) {
  std::optional<Status> problem;
  for (const char* kind : {"gramine", "configfs", "sev-guest"}) {
    auto attester = OpenMachine(kind, root);
    if (attester) return attester;
    const bool found = attester.error().code() != Code::kNotFound;
    if (found && !problem) problem = attester.error();
  }
  if (problem) return std::unexpected(*problem);
  return NotFound(
      "this machine gives no evidence: there is neither Gramine's "
      "/dev/attestation, nor configfs-tsm with a driver (Linux 6.7 or later), "
      "nor /dev/sev-guest; run inside a confidential VM or an enclave");
}

}  // namespace

Result<std::unique_ptr<Attester>> OpenAttester(const AttesterOptions& options) {
  if (options.kind == "none") return std::make_unique<NoAttester>();
  if (options.kind == "simulated") return SimulatedAttester::Open(options);
  if (options.kind == "auto") return OpenAny(options.root);
  if (options.kind == "configfs" || options.kind == "sev-guest" ||
      options.kind == "gramine") {
    return OpenMachine(options.kind, options.root);
  }
  return InvalidArgument(
      "an attester is auto, configfs, sev-guest, gramine, simulated or none");
}

}  // namespace cmif::platform
