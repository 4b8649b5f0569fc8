// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/report_data.h"

#include <algorithm>
#include <span>

#include "cmif/tee/quote.h"
#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/snp_report.h"

namespace cmif::broker {
namespace {

Result<void> Equal(std::span<const uint8_t> found,
                   std::span<const uint8_t> expected) {
  if (std::ranges::equal(found, expected)) return {};
  return Fail(Code::kUnauthenticated,
              "report_data is not that of this session's nonce, key and "
              "configuration");
}

}  // namespace

Result<void> CheckReportData(const tee::Evidence& evidence,
                             const std::array<uint8_t, 64>& expected) {
  using Platform = tee::Evidence::Platform;
  switch (evidence.platform) {
    case Platform::kSnp: {
      CMIF_ASSIGN(const tee::SnpReport report,
                  tee::SnpReport::Parse(evidence.bytes));
      return Equal(report.report_data, expected);
    }
    case Platform::kTdx:
    case Platform::kSgx: {
      CMIF_ASSIGN(const tee::Quote quote, tee::Quote::Parse(evidence.bytes));
      return Equal(quote.report_data(), expected);
    }
    case Platform::kSimulated: {
      CMIF_ASSIGN(const tee::SimulatedEvidence simulated,
                  tee::SimulatedEvidence::Parse(evidence.bytes));
      return Equal(simulated.report_data, expected);
    }
  }
  return Internal("evidence of an unknown platform");
}

}  // namespace cmif::broker
