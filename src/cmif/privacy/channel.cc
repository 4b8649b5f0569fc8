// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/privacy/certify.h"

namespace cmif::privacy {
namespace {

constexpr std::string_view kMagic = "CMIFCHAN";
constexpr uint32_t kVersion = 1;

std::string ClusterName(size_t cluster) {
  return fmt::format("cluster {}", cluster);
}

// Certifies one table and sets its loss.
Result<void> AcceptTable(size_t words, Epsilon epsilon, ClusterTable& table) {
  if (!std::isfinite(table.scale) || table.scale < 0) {
    return InvalidArgument("the noise scale is negative or not finite");
  }
  table.loss_micro = 0;
  if (words == 1) {
    if (table.weights.empty()) return {};
    return InvalidArgument("a cluster of one word has no table");
  }
  CMIF_TRY(CertifyTable(table.weights, static_cast<int>(words), epsilon));
  table.loss_micro = LossMicro(table.weights, static_cast<int>(words));
  return {};
}

// Bytes of all scales and weights that follow the header.
uint64_t BodySize(const Clustering& clustering) {
  uint64_t size = 0;
  for (const auto& cluster : clustering.clusters()) {
    const uint64_t k = cluster.size();
    size += sizeof(double) + (k == 1 ? 0 : k * k * sizeof(uint32_t));
  }
  return size;
}

struct Header {
  std::string mechanism;
  uint64_t epsilon_micro = 0;
  bool calibrated = false;
};

Result<Header> ReadHeader(ByteReader& reader, const Clustering& clustering) {
  CMIF_ASSIGN(const auto magic, reader.Take(kMagic.size()));
  if (AsText(magic) != kMagic) return DataLoss("not a channel of CMIF");
  CMIF_ASSIGN(const auto version, reader.Read<uint32_t>());
  if (version != kVersion) {
    return DataLoss(fmt::format("channel version {}, this program reads {}",
                                version, kVersion));
  }
  CMIF_ASSIGN(const auto fingerprint, reader.Read<uint64_t>());
  if (fingerprint != clustering.Fingerprint()) {
    return FailedPrecondition(
        "the channel was made for another clustering; build it again");
  }
  Header header;
  CMIF_ASSIGN(header.epsilon_micro, reader.Read<uint64_t>());
  CMIF_ASSIGN(const auto calibrated, reader.Read<uint8_t>());
  if (calibrated > 1) return DataLoss("the channel's flags are unknown");
  header.calibrated = calibrated == 1;
  CMIF_ASSIGN(const auto length, reader.Read<uint8_t>());
  CMIF_ASSIGN(const auto name, reader.Take(length));
  header.mechanism = AsText(name);
  return header;
}

Result<std::vector<ClusterTable>> ReadTables(ByteReader& reader,
                                             const Clustering& clustering) {
  if (reader.remaining() != BodySize(clustering)) {
    return DataLoss("the channel's length does not fit its clustering");
  }
  std::vector<ClusterTable> tables(clustering.clusters().size());
  for (ClusterTable& table : tables) {
    CMIF_ASSIGN(table.scale, reader.Read<double>());
  }
  for (size_t c = 0; c < tables.size(); ++c) {
    const size_t k = clustering.clusters()[c].size();
    if (k == 1) continue;
    CMIF_ASSIGN(const auto raw, reader.Take(k * k * sizeof(uint32_t)));
    tables[c].weights.resize(k * k);
    std::memcpy(tables[c].weights.data(), raw.data(), raw.size());
  }
  return tables;
}

}  // namespace

Result<Channel> Channel::Create(std::shared_ptr<const Clustering> clustering,
                                std::string_view mechanism, Epsilon epsilon,
                                bool calibrated,
                                std::vector<ClusterTable> tables) {
  if (!clustering || tables.size() != clustering->clusters().size()) {
    return InvalidArgument("a channel needs one table per cluster");
  }
  CMIF_TRY(FindMechanism(mechanism));
  Channel channel(epsilon);
  for (size_t c = 0; c < tables.size(); ++c) {
    const size_t words = clustering->clusters()[c].size();
    if (auto accepted = AcceptTable(words, epsilon, tables[c]); !accepted) {
      return std::unexpected(accepted.error().At(ClusterName(c)));
    }
    const uint64_t loss = tables[c].loss_micro;
    channel.certified_micro_ = std::max(channel.certified_micro_, loss);
    channel.revealed_words_ += words == 1 ? 1 : 0;
    channel.clusters_at_zero_ += words > 1 && loss == 0 ? 1 : 0;
  }
  channel.clustering_ = std::move(clustering);
  channel.mechanism_ = mechanism;
  channel.calibrated_ = calibrated;
  channel.tables_ = std::move(tables);
  return channel;
}

std::vector<uint8_t> Channel::ToBytes() const {
  ByteWriter writer;
  writer.Append(AsBytes(kMagic));
  writer.Write(kVersion);
  writer.Write(clustering_->Fingerprint());
  writer.Write(epsilon_.micro());
  writer.Write(static_cast<uint8_t>(calibrated_ ? 1 : 0));
  writer.Write(static_cast<uint8_t>(mechanism_.size()));
  writer.Append(AsBytes(mechanism_));
  for (const ClusterTable& table : tables_) writer.Write(table.scale);
  for (const ClusterTable& table : tables_) {
    writer.Append({reinterpret_cast<const uint8_t*>(table.weights.data()),
                   table.weights.size() * sizeof(uint32_t)});
  }
  return writer.Release();
}

Result<Channel> Channel::FromBytes(
    std::span<const uint8_t> bytes,
    const std::shared_ptr<const Clustering>& clustering) {
  if (!clustering) return InvalidArgument("a channel needs its clustering");
  ByteReader reader(bytes);
  CMIF_ASSIGN(const Header header, ReadHeader(reader, *clustering));
  const auto epsilon = Epsilon::FromMicro(header.epsilon_micro);
  if (!epsilon) return DataLoss(epsilon.error().message());
  CMIF_ASSIGN(auto tables, ReadTables(reader, *clustering));
  auto channel = Create(clustering, header.mechanism, *epsilon,
                        header.calibrated, std::move(tables));
  if (!channel && channel.error().code() != Code::kFailedPrecondition) {
    return DataLoss(channel.error().message());
  }
  return channel;
}

Result<Channel> BuildChannel(std::shared_ptr<const Clustering> clustering,
                             const RowMatrix& rows, std::string_view mechanism,
                             Epsilon epsilon, bool calibrate, int threads,
                             const ProgressFn& progress) {
  CMIF_ASSIGN(const Mechanism* const filler, FindMechanism(mechanism));
  if (!clustering || rows.rows != clustering->vocabulary_size()) {
    return InvalidArgument("the rows are not those of the vocabulary");
  }
  const auto& clusters = clustering->clusters();
  std::vector<ClusterTable> tables(clusters.size());
  std::vector<std::optional<Status>> failures(clusters.size());
  ParallelFor(
      clusters.size(), threads > 0 ? threads : HardwareThreads(),
      [&](size_t c) {
        if (clusters[c].size() < 2) return;
        auto table = filler->Fill(CosineUtilities(rows, clusters[c]),
                                  {epsilon, calibrate});
        if (table) {
          tables[c] = *std::move(table);
        } else {
          failures[c] = table.error().At(ClusterName(c));
        }
      },
      progress);
  for (auto& failure : failures) {
    if (failure) return std::unexpected(*std::move(failure));
  }
  return Channel::Create(std::move(clustering), mechanism, epsilon, calibrate,
                         std::move(tables));
}

}  // namespace cmif::privacy
