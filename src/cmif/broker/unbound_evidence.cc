// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/unbound_evidence.h"

#include <algorithm>
#include <span>
#include <string>

#include "cmif/tee/quote.h"
#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/snp_report.h"

namespace cmif::broker {
namespace {

Result<void> IsZero(const std::string& field, std::span<const uint8_t> bytes) {
  if (std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; })) {
    return {};
  }
  return FailedPrecondition(
      field +
      " of this machine's evidence claims a configuration that the client "
      "does not run with: give --bound-config");
}

}  // namespace

Result<void> CheckIsUnbound(const tee::Evidence& evidence) {
  using Platform = tee::Evidence::Platform;
  switch (evidence.platform) {
    case Platform::kSnp: {
      CMIF_ASSIGN(const tee::SnpReport report,
                  tee::SnpReport::Parse(evidence.bytes));
      return IsZero("HOST_DATA", report.host_data);
    }
    case Platform::kTdx: {
      CMIF_ASSIGN(const tee::Quote quote, tee::Quote::Parse(evidence.bytes));
      if (quote.td() == nullptr) return DataLoss("a quote is not of a TD");
      return IsZero("MRCONFIGID", quote.td()->mr_config_id);
    }
    case Platform::kSimulated: {
      CMIF_ASSIGN(const tee::SimulatedEvidence simulated,
                  tee::SimulatedEvidence::Parse(evidence.bytes));
      return IsZero("host_data", simulated.host_data);
    }
    case Platform::kSgx:
      return {};  // the client tells the broker itself
  }
  return Internal("evidence of an unknown platform");
}

}  // namespace cmif::broker
