// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_VERIFY_H_
#define CMIF_MODEL_VERIFY_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/model/bundle.h"
#include "cmif/model/manifest.h"

namespace cmif::model {

// The manifest of a split folder. NOT_FOUND, DATA_LOSS.
Result<Manifest> ReadManifest(const std::filesystem::path& folder);

// Holds body, bundle and manifest of a split folder against each other: sizes,
// hashes, shapes, types, ids. Every mismatch is one line of the result; an
// empty list means that all agree. A sealed bundle without its key is held
// against its signature and its sections' hashes alone. Fails only when there
// is no manifest (NOT_FOUND) or a part may not be read (PERMISSION_DENIED).
Result<std::vector<std::string>> VerifySplit(
    const std::filesystem::path& folder, const BundleAccess& access = {});

// Hex SHA-256 of bytes.
std::string HashBytes(std::span<const uint8_t> bytes);
// Hex SHA-256 of a file.
Result<std::string> HashFile(const std::filesystem::path& path);

}  // namespace cmif::model

#endif  // CMIF_MODEL_VERIFY_H_
