// SPDX-License-Identifier: Apache-2.0
// Hostile certificate tables: every certificate that is read lies in the table.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cmif/tee/cert_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::tee;
  const std::span<const uint8_t> table(data, size);
  LooksLikeCertTable(table);
  const auto certificates = ReadCertTable(table);
  if (!certificates) return 0;
  for (const Certificate& one : *certificates) {
    if (std::ranges::search(table, one.der()).empty()) std::abort();
  }
  return 0;
}
