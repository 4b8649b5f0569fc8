// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/release_log.h"

#include <fmt/format.h>

#include "cmif/base/byte_reader.h"

namespace cmif::broker {

crypto::Digest HashLogEntry(const crypto::Digest& before, uint64_t number,
                            std::string_view text) {
  ByteWriter bytes;
  bytes.Append(AsBytes("cmif-release-log-1"));
  bytes.Append(before);
  bytes.Write(number);
  bytes.Append(AsBytes(text));
  return crypto::Sha256Of(bytes.bytes());
}

Result<void> VerifyLog(std::span<const LogEntry> entries, uint64_t first,
                       crypto::Digest before) {
  for (const LogEntry& entry : entries) {
    if (entry.number != first) {
      return DataLoss(fmt::format(
          "the release log has entry {} where {} belongs: entries were left "
          "out or moved",
          entry.number, first));
    }
    before = HashLogEntry(before, entry.number, entry.text);
    if (before != entry.hash) {
      return DataLoss(fmt::format(
          "entry {} of the release log, or its hash, was changed", first));
    }
    ++first;
  }
  return {};
}

}  // namespace cmif::broker
