// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/bundle_keys.h"

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/secret_bytes.h"

namespace cmif::broker {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxKeyFileBytes = 16384;

}  // namespace

Result<BundleKeys> BundleKeys::Open(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::is_directory(status)) {
    return NotFound(folder.string() +
                    " is no folder of bundle keys (MODEL_ID/VERSION.key)");
  }
  if ((status.permissions() & fs::perms::others_all) != fs::perms::none) {
    return PermissionDenied(folder.string() +
                            " is open to every user of this machine: "
                            "chmod o-rwx it");
  }
  return BundleKeys(folder);
}

Result<crypto::SealKey> BundleKeys::Read(const Resource& resource) const {
  // What IsResource() allows cannot leave the folder.
  if (!IsResource(resource)) return NotFound("there is no such resource");
  const auto text =
      ReadSecretFile(folder_ / resource.model_id / (resource.version + ".key"),
                     kMaxKeyFileBytes);
  if (!text) {
    return NotFound("the broker has no key for this model and version");
  }
  auto key = crypto::SealKey::FromHex(AsText(text->bytes()));
  if (key) return key;
  return Internal("the broker's file for this model is no bundle key");
}

}  // namespace cmif::broker
