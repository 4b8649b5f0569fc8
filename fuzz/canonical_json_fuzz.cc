// SPDX-License-Identifier: Apache-2.0
// Hostile JSON: the canonical form of a canonical form is itself.
#include <cstdint>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/canonical_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto once = cmif::crypto::CanonicalJson(cmif::AsText({data, size}));
  if (!once) return 0;
  const auto twice = cmif::crypto::CanonicalJson(*once);
  if (!twice || *twice != *once) std::abort();
  return 0;
}
