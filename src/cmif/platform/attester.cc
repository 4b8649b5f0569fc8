// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/attester.h"

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

}  // namespace

Result<std::unique_ptr<Attester>> OpenAttester(const AttesterOptions& options) {
  if (options.kind == "none") return std::make_unique<NoAttester>();
  if (options.kind == "simulated") return SimulatedAttester::Open(options);
  if (options.kind == "auto" || options.kind == "configfs" ||
      options.kind == "sev-guest" || options.kind == "gramine") {
    return Unimplemented("no attester of a real machine is built in yet");
  }
  return InvalidArgument(
      "an attester is auto, configfs, sev-guest, gramine, simulated or none");
}

}  // namespace cmif::platform
