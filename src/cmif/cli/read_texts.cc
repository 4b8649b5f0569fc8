// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/read_texts.h"

#include "cmif/base/file.h"
#include "cmif/eval/own_sentences.h"

namespace cmif::cli {

Result<std::vector<std::string>> ReadTexts(const std::string& path,
                                           size_t limit) {
  constexpr uint64_t kMaxTextBytes = 64 << 20;
  if (path.empty()) return std::vector<std::string>();
  CMIF_ASSIGN(const std::string file, ReadFile(path, kMaxTextBytes));
  auto texts = eval::TextsOf(file, limit);
  if (!texts) return std::unexpected(texts.error().At(path));
  return texts;
}

}  // namespace cmif::cli
