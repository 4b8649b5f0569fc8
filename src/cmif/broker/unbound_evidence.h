// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_UNBOUND_EVIDENCE_H_
#define CMIF_BROKER_UNBOUND_EVIDENCE_H_

#include "cmif/base/status.h"
#include "cmif/tee/evidence.h"

namespace cmif::broker {

// For a client that runs without a bound configuration: its machine must not
// claim one, or a broker would believe that the client keeps to it.
// FAILED_PRECONDITION: HOST_DATA or MRCONFIGID is not zero; DATA_LOSS where the
// evidence cannot be read.
Result<void> CheckIsUnbound(const tee::Evidence& evidence);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_UNBOUND_EVIDENCE_H_
