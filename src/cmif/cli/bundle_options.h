// SPDX-License-Identifier: Apache-2.0
// The flags that open a bundle, sealed or not, and its keys on a disk.
#ifndef CMIF_CLI_BUNDLE_OPTIONS_H_
#define CMIF_CLI_BUNDLE_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "cmif/base/file.h"
#include "cmif/base/status.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/cli/broker_options.h"
#include "cmif/client/client_model.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"

namespace cmif::cli {

struct BundleOptions {
  std::string folder;
  std::string key_file;
  std::string owner_file;
  BrokerFlags broker;
  bool oblivious = false;  // client::RowFetch::kOblivious
};

// --bundle-key, --owner-key, --broker and --bound-config; --bundle too.
void AddBundleAccessOptions(CLI::App& command, BundleOptions& options);
void AddBundleOptions(CLI::App& command, BundleOptions& options);

// For looking at what lies beside `options.folder`'s manifest (a file in that
// folder will do). INVALID_ARGUMENT naming flag and file: not a key; with
// --broker the errors of LeaseKey(), with --bound-config FAILED_PRECONDITION:
// it does not allow this, or this machine is not bound to it.
Result<model::BundleAccess> AccessOf(const BundleOptions& options);

// What the bundle options say of a client, for a bound configuration.
Result<broker::ClientSettings> SettingsOf(const BundleOptions& options);

// The client's half of the model in --bundle. With --broker no more rows leave
// it than the lease allows.
Result<std::shared_ptr<client::ClientModel>> OpenModel(
    const BundleOptions& options);

// The owner's half that signs. INVALID_ARGUMENT naming the file.
Result<crypto::Ed25519Signer> ReadSigner(const std::string& path);

// A new bundle key and its file: 64 hex digits and a newline, readable for its
// owner alone, which get their name by file.CommitNew().
struct NewKey {
  // ALREADY_EXISTS: no key is ever overwritten.
  static Result<NewKey> Create(const std::string& path);

  std::shared_ptr<const crypto::SealKey> key;
  AtomicFile file;
};

}  // namespace cmif::cli

#endif  // CMIF_CLI_BUNDLE_OPTIONS_H_
