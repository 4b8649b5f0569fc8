// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_LANDLOCK_H_
#define CMIF_PLATFORM_LANDLOCK_H_

#include <vector>

#include "cmif/platform/hardening.h"

namespace cmif::platform {

// The kernel's version of Landlock's interface; 0: none, or switched off.
int LandlockVersion();

// From now on the calling thread, and those that it starts, reach only the
// files and TCP ports of `plan` and the system's public files, start no
// program, and signal no process but their own. Needs PR_SET_NO_NEW_PRIVS.
// "landlock.files" (version 1), ".ports" (4), ".scope" (6); Linux
// Documentation/userspace-api/landlock.rst.
std::vector<Measure> RestrictWithLandlock(const HardeningPlan& plan);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_LANDLOCK_H_
