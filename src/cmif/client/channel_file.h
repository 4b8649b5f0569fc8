// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CHANNEL_FILE_H_
#define CMIF_CLIENT_CHANNEL_FILE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/channel.h"

namespace cmif::client {

// A channel as it lies on a disk (docs/channel-format.md): its bytes, the
// words of its vocabulary and what it was made for, each with its SHA-256.
// As secret as the bundle: utilities are cosines of the model's rows.
struct ChannelFile {
  privacy::Channel channel;
  std::string model_id;
  std::string prior_sha256;  // "uniform" without a prior
  crypto::Digest sha256{};   // of the channel's bytes
};

// Checks every hash and certifies every table. `key` opens a sealed file (it
// may be null). NOT_FOUND, DATA_LOSS, FAILED_PRECONDITION (sealed, no key), and
// Channel::FromBytes()'s errors.
Result<ChannelFile> ReadChannelFile(const std::filesystem::path& path,
                                    const crypto::SealKey* key = nullptr);

// The hash that ChannelFile::sha256 of its file is.
crypto::Digest HashOf(const privacy::Channel& channel);

// The written form of each id of the vocabulary; not UTF-8 for parts of
// characters (U+FFFD stands there). NOT_FOUND, DATA_LOSS.
Result<std::vector<std::string>> ReadChannelWords(
    const std::filesystem::path& path, const crypto::SealKey* key = nullptr);

// Writes atomically; sealed where the model's bundle is. Equal channels give
// equal files, if they are not sealed.
Result<void> WriteChannelFile(const std::filesystem::path& path,
                              const ClientModel& model,
                              const privacy::Channel& channel,
                              const std::string& prior_sha256);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CHANNEL_FILE_H_
