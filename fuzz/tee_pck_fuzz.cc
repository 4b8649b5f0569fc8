// SPDX-License-Identifier: Apache-2.0
// Hostile extensions of PCK certificates: what is read stands in the bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cmif/tee/pck.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::tee;
  const std::span<const uint8_t> value(data, size);
  const auto pck = PckExtension::Parse(value);
  if (!pck) return 0;
  if (std::ranges::search(value, pck->fmspc).empty() ||
      std::ranges::search(value, pck->ppid).empty()) {
    std::abort();
  }
  return 0;
}
