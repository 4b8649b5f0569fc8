// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_SIMULATED_ATTESTER_H_
#define CMIF_PLATFORM_SIMULATED_ATTESTER_H_

#include <array>

#include "cmif/crypto/ed25519.h"
#include "cmif/platform/attester.h"

namespace cmif::platform {

// A machine that does not exist, for trying things out: evidence is what the
// caller says, signed by a key from a file, in the form that
// tee/simulated_evidence.h describes. It proves nothing. Thread-safe.
class SimulatedAttester final : public Attester {
 public:
  struct Machine {
    std::array<uint8_t, 48> measurement{};
    std::array<uint8_t, 32> host_data{};
  };

  SimulatedAttester(crypto::Ed25519Signer key, const Machine& machine);
  // INVALID_ARGUMENT: no key, or fields of other lengths; and the errors of
  // reading the key.
  static Result<std::unique_ptr<Attester>> Open(const AttesterOptions& options);

  std::string_view platform() const override { return "simulated"; }
  Result<std::vector<uint8_t>> Collect(const ReportData& report_data) override;

 private:
  const crypto::Ed25519Signer key_;
  const Machine machine_;
};

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_SIMULATED_ATTESTER_H_
