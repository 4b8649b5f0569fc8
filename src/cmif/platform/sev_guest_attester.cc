// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/sev_guest_attester.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sev-guest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cmif::platform {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kReportBytes = 1184;
constexpr size_t kReportOffset = 0x20;  // MSG_REPORT_RSP, SNP firmware ABI
constexpr uint32_t kMaxTableBytes = 256 << 10;
constexpr uint32_t kPageBytes = 4096;
constexpr int kTries = 100;  // of 50 ms: five seconds
constexpr std::chrono::milliseconds kBetweenTries{50};

// A request for a report with certificates, and what came back.
struct Exchange {
  explicit Exchange(const ReportData& report_data) {
    std::ranges::copy(report_data, request.data.user_data);
    guest.msg_version = 1;
  }
  // Sets the addresses, which change with the table.
  void Arm() {
    request.certs_address = reinterpret_cast<uint64_t>(table.data());
    request.certs_len = static_cast<uint32_t>(table.size());
    guest.req_data = reinterpret_cast<uint64_t>(&request);
    guest.resp_data = reinterpret_cast<uint64_t>(&response);
    guest.exitinfo2 = 0;
  }

  Bytes table;
  snp_ext_report_req request{};
  snp_report_resp response{};
  snp_guest_request_ioctl guest{};
};

uint32_t Word(const snp_report_resp& response, size_t at) {
  uint32_t word = 0;
  std::memcpy(&word, response.data + at, sizeof(word));
  return word;
}

Result<Bytes> TakeEvidence(const Exchange& exchange) {
  const uint32_t status = Word(exchange.response, 0);
  const uint32_t size = Word(exchange.response, 4);
  if (status != 0 || size != kReportBytes) {
    return Internal(fmt::format(
        "the firmware answers with status {:#x} and a report of {} bytes",
        status, size));
  }
  const uint8_t* report = exchange.response.data + kReportOffset;
  Bytes evidence(report, report + kReportBytes);
  evidence.insert(evidence.end(), exchange.table.begin(), exchange.table.end());
  return evidence;
}

// The host wants room for a table of this size.
Result<void> MakeRoom(Exchange& exchange) {
  const uint32_t wanted = exchange.request.certs_len;
  if (wanted <= exchange.table.size() || wanted > kMaxTableBytes ||
      wanted % kPageBytes != 0) {
    return Internal(fmt::format(
        "the host wants {} bytes for its certificates; up to {} in pages make "
        "sense",
        wanted, kMaxTableBytes));
  }
  exchange.table.assign(wanted, 0);
  return {};
}

int CallDevice(int device, unsigned long request, void* argument) {
  return ioctl(device, request, argument) == 0 ? 0 : errno;
}

}  // namespace

Result<std::unique_ptr<Attester>> SevGuestAttester::Open(
    const std::string& root) {
  const std::string path = root + kDevice;
  const int device = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (device < 0) return std::unexpected(ErrnoStatus(path, errno));
  const std::shared_ptr<const int> closes(new int(device),
                                          [](const int* number) {
                                            close(*number);
                                            delete number;
                                          });
  return std::make_unique<SevGuestAttester>(
      [closes](unsigned long request, void* argument) {
        return CallDevice(*closes, request, argument);
      });
}

Result<Bytes> SevGuestAttester::Collect(const ReportData& report_data) {
  Exchange exchange(report_data);
  for (int i = 0; i <= kTries; ++i) {
    exchange.Arm();
    const int error = ioctl_(SNP_GET_EXT_REPORT, &exchange.guest);
    const auto vmm_error = exchange.guest.vmm_error;
    if (error == 0) return TakeEvidence(exchange);
    if (vmm_error == SNP_GUEST_VMM_ERR_INVALID_LEN) {
      CMIF_TRY(MakeRoom(exchange));
      continue;
    }
    if (vmm_error != SNP_GUEST_VMM_ERR_BUSY && !MayPass(error)) {
      Status status = ErrnoStatus(kDevice, error);
      return Fail(
          status.code(),
          fmt::format("{} (firmware {:#x}, host {:#x})", status.message(),
                      exchange.guest.fw_error, vmm_error));
    }
    pause_(kBetweenTries);
  }
  return Unavailable("the host is too busy for a report; try again later");
}

}  // namespace cmif::platform
