// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/bound_channel.h"

#include <algorithm>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::client {

crypto::Digest PublicSetHash(const ClientModel& model,
                             const privacy::Channel& channel) {
  std::vector<int32_t> ids = model.units().words();
  std::erase_if(ids, [&](int32_t id) {
    return channel.clustering().cluster_of(id) >= 0;
  });
  std::ranges::sort(ids);
  ByteWriter bytes;
  for (const int32_t id : ids) bytes.Write(static_cast<uint32_t>(id));
  return crypto::Sha256Of(bytes.Release());
}

broker::ClientChannel DescribeChannel(const ClientModel& model,
                                      const OpenedChannel& opened) {
  const privacy::Channel& channel = *opened.channel;
  return {.epsilon_certified_micro = channel.epsilon_certified_micro(),
          .adjacency =
              std::string(privacy::AdjacencyName(channel.spec().adjacency)),
          .sha256 = opened.sha256,
          .public_set_sha256 = PublicSetHash(model, channel)};
}

}  // namespace cmif::client
