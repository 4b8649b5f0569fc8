// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BASE_TESTING_TEMP_FOLDER_H_
#define CMIF_BASE_TESTING_TEMP_FOLDER_H_

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cmif::testing {

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

}  // namespace cmif::testing

#endif  // CMIF_BASE_TESTING_TEMP_FOLDER_H_
