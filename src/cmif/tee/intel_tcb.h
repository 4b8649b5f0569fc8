// SPDX-License-Identifier: Apache-2.0
// How Intel rates the patch level of a platform: the order of its "Quote
// Verification Library" (DCAP, appraisal of TCB levels), on our own types.
#ifndef CMIF_TEE_INTEL_TCB_H_
#define CMIF_TEE_INTEL_TCB_H_

#include <string>
#include <vector>

#include "cmif/tee/collateral.h"
#include "cmif/tee/pck.h"
#include "cmif/tee/quote.h"

namespace cmif::tee {

enum class IntelTcbStatus {
  kUpToDate,
  kSwHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSwHardeningNeeded,
  kTdRelaunchAdvised,
  kTdRelaunchAdvisedConfigurationNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kRevoked,
  kNotSupported,  // no level matches, or a word that is not known
};
// As Intel writes it, "UpToDate"; kNotSupported is "NotSupported".
std::string_view IntelTcbStatusName(IntelTcbStatus status);
// kNotSupported for other words.
IntelTcbStatus IntelTcbStatusOf(std::string_view name);

// The rating of a platform. Advisories are those of all levels that matched,
// each once, in order.
struct IntelTcb {
  IntelTcbStatus status = IntelTcbStatus::kNotSupported;
  IntelTcbStatus platform = IntelTcbStatus::kNotSupported;
  IntelTcbStatus module = IntelTcbStatus::kUpToDate;  // TDX
  IntelTcbStatus qe = IntelTcbStatus::kNotSupported;
  std::vector<std::string> advisories = {};
  std::string date = {};  // of the platform's level
};

// Levels are compared component by component, highest first; for TDX modules
// with a version the first two TDX components are the module's matter and are
// skipped. A TD that was launched by an old module on a platform that has a
// new one by now (TEE_TCB_SVN2) is TDRelaunchAdvised.
IntelTcb RateIntelTcb(const TcbInfo& info, const QeIdentity& identity,
                      const PckExtension& pck, const Quote& quote);

// The module that the TD report was made by; null if Intel names none.
const TdxModule* FindTdxModule(const TcbInfo& info, uint8_t version);

}  // namespace cmif::tee

#endif  // CMIF_TEE_INTEL_TCB_H_
