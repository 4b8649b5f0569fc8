// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_BOUND_CHANNEL_H_
#define CMIF_CLIENT_BOUND_CHANNEL_H_

#include "cmif/broker/bound_configuration.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/client_model.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/channel.h"

namespace cmif::client {

// SHA-256 of the words that the channel lets pass as they are: the ids of the
// units that are whole words and in no cluster, ascending, four bytes each,
// little-endian.
crypto::Digest PublicSetHash(const ClientModel& model,
                             const privacy::Channel& channel);

// What a bound configuration says of a channel. `opened.channel` is not null.
broker::ClientChannel DescribeChannel(const ClientModel& model,
                                      const OpenedChannel& opened);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_BOUND_CHANNEL_H_
