// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/simulated_evidence.h"

#include "cmif/base/byte_reader.h"
#include "cmif/tee/byte_fields.h"

namespace cmif::tee {

bool LooksSimulated(std::span<const uint8_t> bytes) {
  return AsText(bytes).starts_with(SimulatedEvidence::kMagic);
}

Result<SimulatedEvidence> SimulatedEvidence::Parse(
    std::span<const uint8_t> bytes) {
  if (!LooksSimulated(bytes) || bytes.size() != kBytes) {
    return DataLoss("simulated evidence has 320 bytes that begin with " +
                    std::string(kMagic));
  }
  return SimulatedEvidence{.measurement = ArrayAt<48>(bytes, 8),
                           .report_data = ArrayAt<64>(bytes, 56),
                           .host_data = ArrayAt<32>(bytes, 120),
                           .platform_id = ArrayAt<64>(bytes, 152),
                           .flags = NumberAt<uint64_t>(bytes, 216),
                           .key = ArrayAt<32>(bytes, 224),
                           .signature = ArrayAt<64>(bytes, kSignedBytes)};
}

}  // namespace cmif::tee
