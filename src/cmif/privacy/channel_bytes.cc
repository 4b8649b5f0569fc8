// SPDX-License-Identifier: Apache-2.0
// A channel as bytes: docs/channel-format.md.
#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/privacy/channel.h"

namespace cmif::privacy {
namespace {

constexpr std::string_view kMagic = "CMIFCHAN";
constexpr uint32_t kVersion = 2;
constexpr uint8_t kCalibratedFlag = 1;
constexpr uint8_t kHubCapFlag = 2;

template <typename T>
std::span<const uint8_t> RawBytes(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()),
          values.size() * sizeof(T)};
}

template <typename T>
Result<std::vector<T>> ReadValues(ByteReader& reader, size_t count) {
  CMIF_ASSIGN(const auto raw, reader.Take(count * sizeof(T)));
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

void WriteSpec(const ChannelSpec& spec, ByteWriter& writer) {
  writer.Write(spec.epsilon.micro());
  writer.Write(static_cast<uint8_t>((spec.calibrate ? kCalibratedFlag : 0) |
                                    (spec.hub_cap ? kHubCapFlag : 0)));
  writer.Write(static_cast<uint8_t>(spec.adjacency));
  writer.Write(spec.epsilon_cluster ? spec.epsilon_cluster->micro()
                                    : uint64_t{0});
  writer.Write(static_cast<uint8_t>(spec.mechanism.size()));
  writer.Append(AsBytes(spec.mechanism));
}

Result<Epsilon> ReadEpsilon(uint64_t micro) {
  auto epsilon = Epsilon::FromMicro(micro);
  if (!epsilon) return DataLoss(epsilon.error().message());
  return epsilon;
}

Result<ChannelSpec> ReadSpec(ByteReader& reader) {
  CMIF_ASSIGN(const auto micro, reader.Read<uint64_t>());
  CMIF_ASSIGN(const Epsilon epsilon, ReadEpsilon(micro));
  ChannelSpec spec{.epsilon = epsilon};
  CMIF_ASSIGN(const auto flags, reader.Read<uint8_t>());
  CMIF_ASSIGN(const auto adjacency, reader.Read<uint8_t>());
  if (flags > (kCalibratedFlag | kHubCapFlag) || adjacency > 2) {
    return DataLoss("the channel's flags are unknown");
  }
  spec.calibrate = (flags & kCalibratedFlag) != 0;
  spec.hub_cap = (flags & kHubCapFlag) != 0;
  spec.adjacency = static_cast<Adjacency>(adjacency);
  CMIF_ASSIGN(const auto cluster_micro, reader.Read<uint64_t>());
  if (cluster_micro != 0) {
    CMIF_ASSIGN(spec.epsilon_cluster, ReadEpsilon(cluster_micro));
  }
  CMIF_ASSIGN(const auto length, reader.Read<uint8_t>());
  CMIF_ASSIGN(const auto name, reader.Take(length));
  spec.mechanism = AsText(name);
  return spec;
}

Result<ChannelDomain> ReadDomain(ByteReader& reader) {
  CMIF_ASSIGN(const auto size, reader.Read<uint64_t>());
  CMIF_ASSIGN(const auto bytes, reader.Take(size));
  CMIF_ASSIGN(Clustering clustering, Clustering::FromBytes(bytes));
  const size_t clusters = clustering.clusters().size();
  ChannelDomain domain;
  domain.clustering = std::make_shared<const Clustering>(std::move(clustering));
  CMIF_ASSIGN(domain.class_of_cluster, ReadValues<int32_t>(reader, clusters));
  CMIF_ASSIGN(domain.epsilon_micro_of_cluster,
              ReadValues<uint64_t>(reader, clusters));
  return domain;
}

Result<std::vector<ClusterTable>> ReadTables(ByteReader& reader,
                                             const Clustering& clustering) {
  std::vector<ClusterTable> tables(clustering.clusters().size());
  for (size_t c = 0; c < tables.size(); ++c) {
    const size_t k = clustering.clusters()[c].size();
    CMIF_ASSIGN(tables[c].scale, reader.Read<double>());
    if (k == 1) continue;
    CMIF_ASSIGN(tables[c].utilities, ReadValues<float>(reader, k * k));
    CMIF_ASSIGN(tables[c].weights, ReadValues<uint32_t>(reader, k * k));
  }
  return tables;
}

}  // namespace

std::vector<uint8_t> Channel::ToBytes() const {
  ByteWriter writer;
  writer.Append(AsBytes(kMagic));
  writer.Write(kVersion);
  WriteSpec(spec_, writer);
  const std::vector<uint8_t> clusters = clustering().ToBytes();
  writer.Write(uint64_t{clusters.size()});
  writer.Append(clusters);
  writer.Append(RawBytes(domain_.class_of_cluster));
  writer.Append(RawBytes(domain_.epsilon_micro_of_cluster));
  for (const ClusterTable& table : tables_) {
    writer.Write(table.scale);
    writer.Append(RawBytes(table.utilities));
    writer.Append(RawBytes(table.weights));
  }
  return writer.Release();
}

Result<Channel> Channel::FromBytes(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  CMIF_ASSIGN(const auto magic, reader.Take(kMagic.size()));
  if (AsText(magic) != kMagic) return DataLoss("not a channel of CMIF");
  CMIF_ASSIGN(const auto version, reader.Read<uint32_t>());
  if (version != kVersion) {
    return DataLoss(fmt::format("channel version {}, this program reads {}",
                                version, kVersion));
  }
  CMIF_ASSIGN(ChannelSpec spec, ReadSpec(reader));
  CMIF_ASSIGN(ChannelDomain domain, ReadDomain(reader));
  CMIF_ASSIGN(auto tables, ReadTables(reader, *domain.clustering));
  if (reader.remaining() != 0) {
    return DataLoss("the channel goes on after its last table");
  }
  auto channel = Create(std::move(spec), std::move(domain), std::move(tables));
  if (!channel && channel.error().code() != Code::kFailedPrecondition) {
    return DataLoss(channel.error().message());
  }
  return channel;
}

}  // namespace cmif::privacy
