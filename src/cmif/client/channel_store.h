// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CHANNEL_STORE_H_
#define CMIF_CLIENT_CHANNEL_STORE_H_

#include <filesystem>
#include <memory>
#include <string>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::client {

struct ChannelOptions {
  std::string mechanism = "rnm-laplace";
  privacy::Epsilon epsilon;
  bool calibrate = true;
};

// Where the channel of these options is kept beside the bundle:
// FOLDER/channels/<SHA-256 of everything it is a function of>.channel
std::filesystem::path ChannelPath(ClientModel& model,
                                  const ChannelOptions& options);

// The channel: read from its file (and certified again), or computed and
// written there. A folder that cannot be written costs the file, not the
// channel. A file that does not hold is computed anew.
Result<std::shared_ptr<const privacy::Channel>> OpenChannel(
    ClientModel& model, const ChannelOptions& options,
    const ProgressFn& progress);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CHANNEL_STORE_H_
