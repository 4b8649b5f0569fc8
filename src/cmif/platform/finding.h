// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_FINDING_H_
#define CMIF_PLATFORM_FINDING_H_

#include <cstdint>
#include <string>
#include <utility>

namespace cmif::platform {

// One line of `cmif doctor`.
struct Finding {
  enum class Result : uint8_t { kPass, kWarn, kFail };
  Result result = Result::kPass;
  std::string id;        // "memory.swap"
  std::string observed;  // what is so
  std::string fix;       // what to do; empty for kPass
};

inline Finding Pass(std::string id, std::string observed) {
  return {Finding::Result::kPass, std::move(id), std::move(observed), ""};
}
inline Finding Warn(std::string id, std::string observed, std::string fix) {
  return {Finding::Result::kWarn, std::move(id), std::move(observed),
          std::move(fix)};
}
inline Finding Failed(std::string id, std::string observed, std::string fix) {
  return {Finding::Result::kFail, std::move(id), std::move(observed),
          std::move(fix)};
}

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_FINDING_H_
