// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/llama_log.h"

#include <ggml.h>
#include <llama.h>

#include <mutex>
#include <string_view>
#include <utility>

namespace cmif::model {
namespace {

thread_local std::string last_error;

void Keep(ggml_log_level level, const char* text, void*) {
  if (level != GGML_LOG_LEVEL_ERROR || text == nullptr) return;
  std::string_view line = text;
  if (const size_t colon = line.find(": "); colon != line.npos) {
    line.remove_prefix(colon + 2);
  }
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  // "failed to load model" follows the line that says why: keep the first.
  if (last_error.empty()) last_error = line;
}

}  // namespace

void CaptureLlamaLog() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(Keep, nullptr);
    ggml_log_set(Keep, nullptr);
  });
}

std::string TakeLlamaError() { return std::exchange(last_error, {}); }

}  // namespace cmif::model
