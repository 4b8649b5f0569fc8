// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_DIAGNOSE_FILES_H_
#define CMIF_PLATFORM_DIAGNOSE_FILES_H_

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cmif/platform/finding.h"

namespace cmif::platform {

// Who may read and write a bundle's folder, and whether it is there.
std::vector<Finding> DiagnoseBundle(const std::filesystem::path& folder);

// A private key or bundle key: its owner's alone.
Finding DiagnoseKey(const std::filesystem::path& file);

// Room on the disk of `folder`: warns below 1 GiB, fails below 16 MiB.
Finding DiagnoseDisk(const std::filesystem::path& folder);

// Whether something accepts TCP connections at host and port within `limit`.
// Says nothing of who it is.
Finding DiagnosePort(const std::string& host, uint16_t port,
                     std::chrono::milliseconds limit);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_DIAGNOSE_FILES_H_
