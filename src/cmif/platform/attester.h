// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_ATTESTER_H_
#define CMIF_PLATFORM_ATTESTER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
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

// Which attester, and what it needs.
struct AttesterOptions {
  // auto, configfs, sev-guest, gramine, simulated or none. `auto` is what this
  // machine has, never simulated.
  std::string kind = "auto";
  // Stands for "/" of the machine, for tests; empty: the machine's own.
  std::string root = {};
  // For simulated alone, which needs the first two: a file with an Ed25519
  // private key (PEM), and what evidence says was measured, 48 bytes.
  std::string simulated_key_file = {};
  std::vector<uint8_t> measurement = {};
  // 32 bytes, or empty: zeros.
  std::vector<uint8_t> host_data = {};
};

// INVALID_ARGUMENT: no such kind, or not what `simulated` needs; NOT_FOUND:
// this machine has no such attester; and the errors of reading the key.
Result<std::unique_ptr<Attester>> OpenAttester(const AttesterOptions& options);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_ATTESTER_H_
