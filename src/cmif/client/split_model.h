// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_SPLIT_MODEL_H_
#define CMIF_CLIENT_SPLIT_MODEL_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/cluster_units.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"
#include "cmif/model/manifest.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::client {

// Called with the name of a step and its share done.
using StepProgress = std::function<void(std::string_view step, double share)>;

struct SplitOptions {
  std::filesystem::path source;
  std::filesystem::path folder;  // created if absent
  bool head_on_client = false;
  ClusterOptions clustering;
  // Channels (of DefaultSpec()) to compute right away.
  std::vector<privacy::Epsilon> epsilons;
  bool overwrite = false;  // of an earlier split in the folder
  // Bundle and channels are sealed with the key, and the bundle is signed by
  // the owner. Both or none.
  std::shared_ptr<const crypto::SealKey> seal_key = nullptr;
  const crypto::Ed25519Signer* owner = nullptr;
  // Called when all is written, before any of it takes its place: without the
  // key a sealed bundle is lost.
  std::function<Result<void>()> keep_key = nullptr;
};

struct SplitResult {
  model::Manifest manifest;
  ClusterReport clustering;
};

// Whether the parts can be written to the folder, which is made if absent.
// ALREADY_EXISTS: one of them is there and `overwrite` is off, or is a folder;
// INVALID_ARGUMENT: one of them is the source itself; and
// CheckWritableFolder()'s errors. For whoever works before SplitModel(), which
// checks it too.
Result<void> CheckSplitTarget(const SplitOptions& options);

// Splits a model: checks it and the folder, clusters its vocabulary, writes
// body, bundle and manifest, and computes the channels. Either all of them are
// written or none. CheckSplitTarget()'s errors, before any work.
Result<SplitResult> SplitModel(const SplitOptions& options,
                               const StepProgress& progress);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_SPLIT_MODEL_H_
