// SPDX-License-Identifier: Apache-2.0
// The two models that demo and bench use, found and split.
#ifndef CMIF_CLI_DEMO_MODELS_H_
#define CMIF_CLI_DEMO_MODELS_H_

#include <filesystem>
#include <optional>

#include "cmif/base/status.h"

namespace cmif::cli {

struct DemoModel {
  std::filesystem::path source;  // the whole model
  std::filesystem::path folder;  // its split
  double split_seconds = 0;      // 0 when the split was there
};

// ${CMIF_CACHE:-$HOME/.cache/cmif}
std::filesystem::path CacheFolder();

// The embedded default classifier: models/ beside the program's folder or in
// ../share/cmif/models. NOT_FOUND else. Splits it into the cache at first use.
Result<DemoModel> ClassifierModel();

// The chat model from the cache, where ./run puts it; nullopt when it is not
// there (no network at set-up).
Result<std::optional<DemoModel>> ChatModel();
// The same model with its output head on the client's side.
Result<DemoModel> ChatModelWithoutHead(const DemoModel& chat);

}  // namespace cmif::cli

#endif  // CMIF_CLI_DEMO_MODELS_H_
