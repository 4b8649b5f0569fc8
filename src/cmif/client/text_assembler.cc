// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/text_assembler.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace cmif::client {
namespace {

// Bytes at the end of `text` that begin a UTF-8 character and do not end it.
size_t CutCharacterBytes(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<uint8_t>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // inside a character
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return byte >= 0xC0 && length > back ? back : 0;
  }
  return 0;
}

}  // namespace

std::string TextAssembler::Add(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  size_t keep = CutCharacterBytes(held_);
  for (const std::string& stop : stop_) {
    if (const size_t at = held_.find(stop);
        !stop.empty() && at != std::string::npos) {
      stopped_ = true;
      held_.resize(at);
      keep = 0;
      continue;
    }
    // The longest end of the text that begins the stop text.
    for (size_t n =
             std::min(stop.size() - (stop.empty() ? 0 : 1), held_.size());
         n > keep; --n) {
      if (std::string_view(held_).ends_with(
              std::string_view(stop).substr(0, n))) {
        keep = n;
        break;
      }
    }
  }
  if (stopped_) keep = 0;
  std::string shown = held_.substr(0, held_.size() - keep);
  held_.erase(0, shown.size());
  return shown;
}

std::string TextAssembler::Finish() {
  return stopped_ ? std::string() : std::exchange(held_, {});
}

}  // namespace cmif::client
