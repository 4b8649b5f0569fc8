// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_CAPABILITIES_H_
#define CMIF_PLATFORM_CAPABILITIES_H_

#include "cmif/platform/hardening.h"

namespace cmif::platform {

// Gives up all capabilities of the calling thread, and of those that it starts:
// "capabilities". Who is to listen at a port below 1024 keeps
// CAP_NET_BIND_SERVICE if it has it. capabilities(7).
Measure DropCapabilities(const HardeningPlan& plan);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_CAPABILITIES_H_
