// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_ATTESTER_H_
#define CMIF_PLATFORM_ATTESTER_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::platform {

using ReportData = std::array<uint8_t, 64>;

// Asks the machine for evidence of what runs in it.
class Attester {
 public:
  virtual ~Attester() = default;
  // "snp", "tdx", "sgx", "simulated"; "none" collects nothing.
  virtual std::string_view platform() const = 0;
  // Fresh evidence that carries `report_data`, in a form that tee::ReadEvidence
  // reads.
  virtual Result<std::vector<uint8_t>> Collect(
      const ReportData& report_data) = 0;
};

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_ATTESTER_H_
