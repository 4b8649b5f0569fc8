// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_GRAMINE_ATTESTER_H_
#define CMIF_PLATFORM_GRAMINE_ATTESTER_H_

#include <memory>
#include <mutex>

#include "cmif/platform/attester.h"
#include "cmif/platform/kernel_files.h"

namespace cmif::platform {

// Evidence of an SGX enclave by way of Gramine's /dev/attestation
// (gramine.readthedocs.io, "Attestation and secret provisioning"). Its files
// belong to the process as a whole, so there is one attester a process.
// Thread-safe.
class GramineAttester final : public Attester {
 public:
  static constexpr char kFolder[] = "/dev/attestation";

  // NOT_FOUND: not within Gramine; FAILED_PRECONDITION: its manifest turns
  // attestation off; UNIMPLEMENTED: another kind than DCAP.
  static Result<std::unique_ptr<Attester>> Open(
      std::shared_ptr<KernelFiles> files);

  std::string_view platform() const override { return "sgx"; }
  // A quote. UNAVAILABLE: the host gives none, or one for other data, since
  // something else in this process asked at the same time.
  Result<std::vector<uint8_t>> Collect(const ReportData& report_data) override;

 private:
  explicit GramineAttester(std::shared_ptr<KernelFiles> files)
      : files_(std::move(files)) {}

  const std::shared_ptr<KernelFiles> files_;
  std::mutex mutex_;  // from writing to reading
};

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_GRAMINE_ATTESTER_H_
