// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_DIAGNOSE_MACHINE_H_
#define CMIF_PLATFORM_DIAGNOSE_MACHINE_H_

#include <filesystem>
#include <vector>

#include "cmif/platform/finding.h"

namespace cmif::platform {

// What the machine offers: a TEE's devices, swap, what becomes of dumps, kernel
// and clock. /dev, /proc and /sys are those below
// `root`; tests give a tree of their own.
std::vector<Finding> DiagnoseMachine(const std::filesystem::path& root);

// Each measure of Harden(), "hardening.MEASURE", and the memory that a hardened
// process gets for secrets, "memory.keys" and "memory.table": tried in a child
// process that ends at once. Before any thread is started.
std::vector<Finding> DiagnoseHardening();

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_DIAGNOSE_MACHINE_H_
