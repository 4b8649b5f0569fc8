// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_SPLIT_MODEL_H_
#define CMIF_CLIENT_SPLIT_MODEL_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/model/manifest.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::client {

// Called with the name of a step and its share done.
using StepProgress = std::function<void(std::string_view step, double share)>;

struct SplitOptions {
  std::filesystem::path source;
  std::filesystem::path folder;  // created if absent
  bool head_on_client = false;
  // A JSON list of lists of token ids; ids that it leaves out are clustered.
  std::optional<std::filesystem::path> clusters_file;
  int cluster_size = 20;
  // Channels (rnm-laplace, calibrated) to compute right away.
  std::vector<privacy::Epsilon> epsilons;
  bool overwrite = false;  // of an earlier split in the folder
};

struct SplitResult {
  model::Manifest manifest;
  size_t clusters = 0;
  double cluster_bits = 0;
  double mean_cosine = 0;  // within clusters, of mean-centred rows
};

// Splits a model: checks it and the folder, clusters its vocabulary, writes
// body, bundle and manifest, and computes the channels. Either all three files
// are written or none. ALREADY_EXISTS when the folder holds a split and
// `overwrite` is off.
Result<SplitResult> SplitModel(const SplitOptions& options,
                               const StepProgress& progress);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_SPLIT_MODEL_H_
