// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_REPORT_DATA_H_
#define CMIF_BROKER_REPORT_DATA_H_

#include <array>
#include <cstdint>

#include "cmif/base/status.h"
#include "cmif/tee/evidence.h"

namespace cmif::broker {

// Whether evidence, of which nothing was verified yet, carries this
// REPORT_DATA: cheap, before any chain of certificates is looked at, so that
// replayed evidence costs a broker nothing. The verdict checks it again.
// UNAUTHENTICATED: another one. DATA_LOSS: no such evidence.
Result<void> CheckReportData(const tee::Evidence& evidence,
                             const std::array<uint8_t, 64>& expected);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_REPORT_DATA_H_
