// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/gramine_attester.h"

#include <algorithm>

#include "cmif/base/byte_reader.h"

namespace cmif::platform {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kMaxQuoteBytes = 1 << 20;
// REPORT_DATA of a quote of version 3: header (48), report body (384).
constexpr size_t kReportDataOffset = 48 + 320;

std::string Path(const char* name) {
  return std::string(GramineAttester::kFolder) + "/" + name;
}

bool Carries(const Bytes& quote, const ReportData& report_data) {
  return quote.size() >= kReportDataOffset + report_data.size() &&
         std::ranges::equal(
             std::span(quote).subspan(kReportDataOffset, report_data.size()),
             report_data);
}

}  // namespace

Result<std::unique_ptr<Attester>> GramineAttester::Open(
    std::shared_ptr<KernelFiles> files) {
  const auto type = files->Read(Path("attestation_type"), 64);
  if (!type) {
    return std::unexpected(ErrnoStatus(Path("attestation_type"), type.error()));
  }
  std::string_view text = AsText(*type);
  while (text.ends_with('\n') || text.ends_with('\0')) text.remove_suffix(1);
  if (text == "none") {
    return FailedPrecondition(
        "this Gramine gives no evidence: its manifest needs "
        "sgx.remote_attestation = \"dcap\", and gramine-direct never has any");
  }
  if (text != "dcap") {
    return Unimplemented(
        "Gramine attests in another way than DCAP, which alone is supported: "
        "set sgx.remote_attestation = \"dcap\" in its manifest");
  }
  return std::unique_ptr<Attester>(new GramineAttester(std::move(files)));
}

Result<Bytes> GramineAttester::Collect(const ReportData& report_data) {
  const std::lock_guard lock(mutex_);
  const int error = files_->Write(Path("user_report_data"), report_data);
  if (error != 0) {
    return std::unexpected(ErrnoStatus(Path("user_report_data"), error));
  }
  auto quote = files_->Read(Path("quote"), kMaxQuoteBytes);
  if (!quote) {
    Status status = ErrnoStatus(Path("quote"), quote.error());
    return Fail(status.code(),
                status.message() +
                    "; is the host's AESM or quote provider (aesmd, PCCS) "
                    "running?");
  }
  if (quote->empty()) {
    return Unavailable(
        "the host gives no quote (an empty one): check its aesmd and PCCS");
  }
  if (!Carries(*quote, report_data)) {
    return Unavailable(
        "Gramine's quote is for other data: something else in this process "
        "asks at the same time");
  }
  return *std::move(quote);
}

}  // namespace cmif::platform
