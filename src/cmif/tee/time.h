// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_TIME_H_
#define CMIF_TEE_TIME_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::tee {

// A moment in UTC. The room has no clock: every verdict is given its time.
struct Time {
  int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  friend auto operator<=>(const Time&, const Time&) = default;
};

constexpr int64_t kSecondsPerDay = 86400;

inline Time AfterDays(Time time, uint64_t days) {
  return {time.seconds + static_cast<int64_t>(days) * kSecondsPerDay};
}

// RFC 3339 in whole seconds, as 2026-03-20T12:00:00Z or with +hh:mm.
// INVALID_ARGUMENT: anything else, a day that is none, years before 1970.
Result<Time> ParseTime(std::string_view text);

// As 2026-03-20T12:00:00Z; "?" for a year outside of 1970 to 9999.
std::string FormatTime(Time time);

}  // namespace cmif::tee

#endif  // CMIF_TEE_TIME_H_
