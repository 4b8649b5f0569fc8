// SPDX-License-Identifier: Apache-2.0
// Tiny models split into temporary folders, for tests of this and later rooms.
#ifndef CMIF_CLIENT_TESTING_TINY_SPLIT_H_
#define CMIF_CLIENT_TESTING_TINY_SPLIT_H_

#include <filesystem>
#include <memory>

#include "cmif/base/status.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/client/client_model.h"
#include "cmif/client/split_model.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::client::testing {

using cmif::testing::TempFolder;

enum class Kind { kLlama, kBert };

inline Result<void> WriteTiny(Kind kind, const std::filesystem::path& path) {
  return kind == Kind::kLlama
             ? model::testing::WriteTinyLlama(path, {.layers = 1})
             : model::testing::WriteTinyBert(path, {.layers = 1});
}

// Writes the model to FOLDER/m and splits it into FOLDER/split.
inline Result<std::shared_ptr<ClientModel>> SplitTiny(
    Kind kind, const TempFolder& folder) {
  CMIF_TRY(WriteTiny(kind, folder / "m"));
  SplitOptions options;
  options.source = folder / "m";
  options.folder = folder / "split";
  CMIF_TRY(SplitModel(options, {}));
  return ClientModel::Open(folder / "split");
}

}  // namespace cmif::client::testing

#endif  // CMIF_CLIENT_TESTING_TINY_SPLIT_H_
