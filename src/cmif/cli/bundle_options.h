// SPDX-License-Identifier: Apache-2.0
// The flags that open a bundle, sealed or not, and its keys on a disk.
#ifndef CMIF_CLI_BUNDLE_OPTIONS_H_
#define CMIF_CLI_BUNDLE_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"

namespace cmif::cli {

struct BundleOptions {
  std::string folder;
  std::string key_file;
  std::string owner_file;
  bool oblivious = false;  // client::RowFetch::kOblivious
};

// --bundle-key and --owner-key; --bundle too.
void AddBundleAccessOptions(CLI::App& command, BundleOptions& options);
void AddBundleOptions(CLI::App& command, BundleOptions& options);

// INVALID_ARGUMENT naming flag and file: not a key.
Result<model::BundleAccess> AccessOf(const BundleOptions& options);

// The client's half of the model in --bundle.
Result<std::shared_ptr<client::ClientModel>> OpenModel(
    const BundleOptions& options);

// The owner's half that signs. INVALID_ARGUMENT naming the file.
Result<crypto::Ed25519Signer> ReadSigner(const std::string& path);

// A bundle key lies on a disk as 64 hex digits and a newline, readable for its
// owner alone. ALREADY_EXISTS: no key is ever overwritten.
Result<std::shared_ptr<const crypto::SealKey>> CreateKeyFile(
    const std::string& path);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BUNDLE_OPTIONS_H_
