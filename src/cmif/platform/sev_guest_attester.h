// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_SEV_GUEST_ATTESTER_H_
#define CMIF_PLATFORM_SEV_GUEST_ATTESTER_H_

#include <functional>
#include <memory>
#include <string>

#include "cmif/platform/attester.h"
#include "cmif/platform/kernel_files.h"

namespace cmif::platform {

// Evidence of AMD SEV-SNP by way of the older /dev/sev-guest (Linux 5.19 or
// later; linux/sev-guest.h), where configfs-tsm is missing. Thread-safe.
class SevGuestAttester final : public Attester {
 public:
  static constexpr char kDevice[] = "/dev/sev-guest";

  // ioctl(2) on the device: 0, or a value of errno.
  using Ioctl = std::function<int(unsigned long request, void* argument)>;

  explicit SevGuestAttester(Ioctl ioctl, Pause pause = Sleep())
      : ioctl_(std::move(ioctl)), pause_(std::move(pause)) {}
  // The machine's device, below `root`. NOT_FOUND, PERMISSION_DENIED.
  static Result<std::unique_ptr<Attester>> Open(const std::string& root);

  std::string_view platform() const override { return "snp"; }
  // A report, and the certificate table that the host gives with it.
  // UNAVAILABLE: the host is busy for more than five seconds.
  Result<std::vector<uint8_t>> Collect(const ReportData& report_data) override;

 private:
  const Ioctl ioctl_;
  const Pause pause_;
};

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_SEV_GUEST_ATTESTER_H_
