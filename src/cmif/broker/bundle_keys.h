// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_BUNDLE_KEYS_H_
#define CMIF_BROKER_BUNDLE_KEYS_H_

#include <filesystem>

#include "cmif/base/status.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/crypto/sealed_stream.h"

namespace cmif::broker {

// Where a key broker has the keys of sealed bundles:
// FOLDER/MODEL_ID/VERSION.key as `cmif split --seal` writes them (64 hex
// digits). Read each time one is asked for, so keys can be added and taken
// away. Thread-safe.
class BundleKeys {
 public:
  // NOT_FOUND: no such folder; PERMISSION_DENIED: others may read it.
  static Result<BundleKeys> Open(const std::filesystem::path& folder);

  // NOT_FOUND; INTERNAL: the file is no key.
  Result<crypto::SealKey> Read(const Resource& resource) const;

 private:
  explicit BundleKeys(std::filesystem::path folder)
      : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_BUNDLE_KEYS_H_
