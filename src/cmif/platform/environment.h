// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_ENVIRONMENT_H_
#define CMIF_PLATFORM_ENVIRONMENT_H_

#include "cmif/base/status.h"
#include "cmif/platform/hardening.h"

namespace cmif::platform {

// Removes variables that make libraries load code, write keys or traffic to
// files, or ask other name servers. PERMISSION_DENIED naming the variable:
// LD_PRELOAD or LD_AUDIT, whose code is in the process already.
Result<Measure> ScrubEnvironment();

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_ENVIRONMENT_H_
