// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CHANNEL_STORE_H_
#define CMIF_CLIENT_CHANNEL_STORE_H_

#include <filesystem>
#include <memory>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/policy.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/channel.h"

namespace cmif::client {

// Channels of a bundle lie in FOLDER/channels/*.channel.
inline constexpr const char* kChannelFolder = "channels";
inline constexpr const char* kChannelExtension = ".channel";

struct ChannelOptions {
  privacy::ChannelSpec spec;
  privacy::ChannelDomain domain = {};   // no clustering: ModelDomain()
  std::vector<double> prior = {};       // one weight per id, or empty: uniform
  std::vector<AppliedKind> kinds = {};  // of the domain's policy; for reports
};

// What wins at equal certified epsilon (README, "Measured"): `optimal`;
// without hub cap for classifiers, whose accuracy it raises, with it for models
// that write, where a few words standing for all would show in the answer.
privacy::ChannelSpec DefaultSpec(const model::ModelFacts& facts,
                                 privacy::Epsilon epsilon);

// The model's own clusters, with their classes.
privacy::ChannelDomain ModelDomain(const ClientModel& model);

// Where the channel of these options is kept beside the bundle:
// FOLDER/channels/<SHA-256 of everything it is a function of>.channel
std::filesystem::path ChannelPath(const ClientModel& model,
                                  const ChannelOptions& options);

// The channel, computed. BuildChannel()'s errors.
Result<privacy::Channel> ComputeChannel(ClientModel& model,
                                        const ChannelOptions& options,
                                        const ProgressFn& progress);

// "uniform", or the SHA-256 of the prior's weights.
std::string PriorHash(const ChannelOptions& options);

struct OpenedChannel {
  std::shared_ptr<const privacy::Channel> channel;
  crypto::Digest sha256{};  // of its bytes, for Sanitizer::Create()
  Result<void> kept;        // or why it has to be computed again next time
};

// The channel: read from its file (and certified again), or computed and
// written there. A folder that cannot be written costs the file (`kept`), not
// the channel. A file that does not hold is computed anew. The hash is that of
// the file, where it was read.
Result<OpenedChannel> OpenChannelWithHash(ClientModel& model,
                                          const ChannelOptions& options,
                                          const ProgressFn& progress);
// The same, for whoever needs no hash.
Result<std::shared_ptr<const privacy::Channel>> OpenChannel(
    ClientModel& model, const ChannelOptions& options,
    const ProgressFn& progress);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CHANNEL_STORE_H_
