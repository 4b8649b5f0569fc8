// SPDX-License-Identifier: Apache-2.0
// Tiny models split into temporary folders, for tests of this and later rooms.
#ifndef CMIF_CLIENT_TESTING_TINY_SPLIT_H_
#define CMIF_CLIENT_TESTING_TINY_SPLIT_H_

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/split_model.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::client::testing {

// A folder that goes away with all it holds.
class TempFolder {
 public:
  TempFolder() {
    namespace fs = std::filesystem;
    std::string name = (fs::temp_directory_path() / "cmif-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  // Names of what lies directly in `sub` (this folder itself if empty).
  std::vector<std::string> Names(std::string_view sub = {}) const {
    std::vector<std::string> names;
    const auto folder = sub.empty() ? path_ : path_ / sub;
    if (!std::filesystem::is_directory(folder)) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

 private:
  std::filesystem::path path_;
};

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
