// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_RELEASE_LOG_H_
#define CMIF_BROKER_RELEASE_LOG_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

namespace cmif::broker {

// One thing that a key broker did. Entries are numbered from 1; each one's hash
// covers the one before it, so whoever knows the last hash (every token has it)
// knows that nothing before it was changed or left out.
struct LogEntry {
  uint64_t number = 0;
  std::string text;  // a JSON object in canonical form
  crypto::Digest hash{};
};

// SHA-256 of "cmif-release-log-1", the hash before (zeros for the first entry),
// the number in 8 bytes, little-endian, and the text.
crypto::Digest HashLogEntry(const crypto::Digest& before, uint64_t number,
                            std::string_view text);

// DATA_LOSS naming the first entry whose number or hash is not what `before`
// and the entries in front of it make it. `first` is the number that the first
// of them must have.
Result<void> VerifyLog(std::span<const LogEntry> entries, uint64_t first = 1,
                       crypto::Digest before = {});

}  // namespace cmif::broker

#endif  // CMIF_BROKER_RELEASE_LOG_H_
