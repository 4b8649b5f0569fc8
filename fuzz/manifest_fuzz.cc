// SPDX-License-Identifier: Apache-2.0
// Hostile JSON: what is accepted comes back the same when it is written and
// read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cmif/model/manifest.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::model;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto facts = FactsFromJson(text)) {
    Require(FactsFromJson(FactsToJson(*facts)).value() == *facts);
  }
  if (const auto manifest = ManifestFromJson(text)) {
    Require(ManifestFromJson(ManifestToJson(*manifest)).value() == *manifest);
  }
  return 0;
}
