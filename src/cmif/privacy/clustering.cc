// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/clustering.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "cmif/base/byte_reader.h"

namespace cmif::privacy {
namespace {

constexpr std::string_view kMagic = "CMIFCLUS";
constexpr uint32_t kVersion = 1;

struct Header {
  uint32_t vocabulary_size;
  uint32_t clusters;
};

Result<Header> ReadHeader(ByteReader& reader) {
  CMIF_ASSIGN(const auto magic, reader.Take(kMagic.size()));
  if (AsText(magic) != kMagic) return DataLoss("not a clustering of CMIF");
  CMIF_ASSIGN(const auto version, reader.Read<uint32_t>());
  if (version != kVersion) {
    return DataLoss(fmt::format("clustering version {}, this program reads {}",
                                version, kVersion));
  }
  Header header{};
  CMIF_ASSIGN(header.vocabulary_size, reader.Read<uint32_t>());
  CMIF_ASSIGN(header.clusters, reader.Read<uint32_t>());
  if (header.vocabulary_size == 0 ||
      header.vocabulary_size > static_cast<uint32_t>(kMaxVocabulary)) {
    return DataLoss(fmt::format("clustering of {} ids; 1 to {} are possible",
                                header.vocabulary_size, kMaxVocabulary));
  }
  return header;
}

}  // namespace

Result<Clustering> Clustering::Create(
    int vocabulary_size, std::vector<std::vector<int32_t>> clusters) {
  if (vocabulary_size < 1 || vocabulary_size > kMaxVocabulary) {
    return InvalidArgument(
        fmt::format("a vocabulary of {} ids; 1 to {} are "
                    "possible",
                    vocabulary_size, kMaxVocabulary));
  }
  Clustering result;
  result.cluster_of_.assign(static_cast<size_t>(vocabulary_size), -1);
  result.position_.assign(static_cast<size_t>(vocabulary_size), 0);
  for (size_t c = 0; c < clusters.size(); ++c) {
    if (clusters[c].empty() || clusters[c].size() > kMaxClusterSize) {
      return InvalidArgument(
          fmt::format("cluster {} has {} ids; 1 to {} are "
                      "possible",
                      c, clusters[c].size(), kMaxClusterSize));
    }
    for (size_t i = 0; i < clusters[c].size(); ++i) {
      const int32_t id = clusters[c][i];
      if (!result.InRange(id)) {
        return InvalidArgument(
            fmt::format("cluster {} has an id outside the vocabulary of {}", c,
                        vocabulary_size));
      }
      auto& owner = result.cluster_of_[static_cast<size_t>(id)];
      if (owner != -1) {
        return InvalidArgument(fmt::format(
            "cluster {} repeats an id that cluster {} has", c, owner));
      }
      owner = static_cast<int32_t>(c);
      result.position_[static_cast<size_t>(id)] = static_cast<uint8_t>(i);
    }
  }
  result.clusters_ = std::move(clusters);
  return result;
}

double Clustering::ClusterBits() const {
  return clusters_.empty() ? 0.0
                           : std::log2(static_cast<double>(clusters_.size()));
}

std::vector<uint8_t> Clustering::ToBytes() const {
  ByteWriter writer;
  writer.Append(AsBytes(kMagic));
  writer.Write(kVersion);
  writer.Write(static_cast<uint32_t>(vocabulary_size()));
  writer.Write(static_cast<uint32_t>(clusters_.size()));
  for (const auto& cluster : clusters_) {
    writer.Write(static_cast<uint8_t>(cluster.size() - 1));
  }
  for (const auto& cluster : clusters_) {
    for (const int32_t id : cluster) writer.Write(static_cast<uint32_t>(id));
  }
  return writer.Release();
}

Result<Clustering> Clustering::FromBytes(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  CMIF_ASSIGN(const Header header, ReadHeader(reader));
  CMIF_ASSIGN(const auto sizes, reader.Take(header.clusters));
  uint64_t ids = 0;
  for (const uint8_t size : sizes) ids += size + 1ULL;
  if (reader.remaining() != ids * sizeof(uint32_t)) {
    return DataLoss("the clustering's length does not fit its sizes");
  }
  std::vector<std::vector<int32_t>> clusters(sizes.size());
  for (size_t c = 0; c < sizes.size(); ++c) {
    clusters[c].resize(sizes[c] + 1ULL);
    for (int32_t& id : clusters[c]) {
      CMIF_ASSIGN(id, reader.Read<int32_t>());
    }
  }
  auto result =
      Create(static_cast<int>(header.vocabulary_size), std::move(clusters));
  if (!result) return DataLoss(result.error().message());
  return result;
}

}  // namespace cmif::privacy
