// SPDX-License-Identifier: Apache-2.0
// Hostile JSON: what is accepted has one text, which reads back as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cmif/broker/bound_configuration.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cmif::broker::BoundConfiguration;
  const auto read =
      BoundConfiguration::Read({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const auto again = BoundConfiguration::Read(read->text());
  if (!again || again->text() != read->text()) std::abort();
  if (!read->CheckModel(read->settings().model_id,
                        read->settings().partition)) {
    std::abort();
  }
  return 0;
}
