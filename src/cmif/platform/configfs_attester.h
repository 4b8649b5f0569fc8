// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_CONFIGFS_ATTESTER_H_
#define CMIF_PLATFORM_CONFIGFS_ATTESTER_H_

#include <memory>
#include <optional>
#include <string>

#include "cmif/platform/attester.h"
#include "cmif/platform/kernel_files.h"

namespace cmif::platform {

// Evidence by way of Linux' configfs-tsm (6.7 or later; Documentation/ABI/
// testing/configfs-tsm-report): /sys/kernel/config/tsm/report, behind which
// stands the driver sev-guest (AMD SEV-SNP) or tdx-guest (Intel TDX). Each
// request has an entry of its own, which goes away with it. Thread-safe.
class ConfigfsAttester final : public Attester {
 public:
  static constexpr char kFolder[] = "/sys/kernel/config/tsm/report";

  // NOT_FOUND: no configfs-tsm, or no driver behind it; PERMISSION_DENIED: not
  // for this user; UNIMPLEMENTED: a driver of another platform.
  static Result<std::unique_ptr<Attester>> Open(
      std::shared_ptr<KernelFiles> files, Pause pause = Sleep());

  // "snp" or "tdx".
  std::string_view platform() const override { return platform_; }
  // A report with its certificate table, where the host gives one, or a quote.
  // UNAVAILABLE: the host gives none now (an empty answer is one), the driver
  // is busy for more than five seconds, or others write to the entry. How long
  // the host may take for an answer is the driver's to say (tdx-guest: 30 s).
  Result<std::vector<uint8_t>> Collect(const ReportData& report_data) override;

 private:
  class Entry;
  ConfigfsAttester(std::shared_ptr<KernelFiles> files, Pause pause)
      : files_(std::move(files)), pause_(std::move(pause)) {}
  // None: somebody else wrote to the entry meanwhile.
  Result<std::optional<std::vector<uint8_t>>> CollectOnce(
      const ReportData& report_data);

  const std::shared_ptr<KernelFiles> files_;
  const Pause pause_;
  std::string platform_;
};

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_CONFIGFS_ATTESTER_H_
