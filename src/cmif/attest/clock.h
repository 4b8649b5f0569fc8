// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_CLOCK_H_
#define CMIF_ATTEST_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace cmif::attest {

// Seconds since 1970-01-01T00:00:00Z by the clock of the machine, which belongs
// to whoever runs it.
inline int64_t Now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_CLOCK_H_
