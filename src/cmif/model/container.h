// SPDX-License-Identifier: Apache-2.0
// The container of embedding.cmif (docs/bundle-format.md): a header with a
// table of named sections, then the sections, each with its length and SHA-256.
#ifndef CMIF_MODEL_CONTAINER_H_
#define CMIF_MODEL_CONTAINER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"

namespace cmif::model {

inline constexpr uint32_t kContainerVersion = 1;
inline constexpr size_t kMaxSections = 32;
inline constexpr size_t kSectionNameBytes = 16;

struct SectionInfo {
  std::string name;  // 1 to 16 bytes, ASCII
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  crypto::Digest sha256{};
};

struct Section {
  std::string name;
  std::span<const uint8_t> bytes;  // must outlive the write
};

// Writes the container atomically. INVALID_ARGUMENT for bad names.
Result<void> WriteContainer(const std::filesystem::path& path,
                            std::span<const Section> sections);

// Parses a header. `file_bytes` is the size of the whole file: sections must
// lie inside it, one after the other, without gaps but padding. DATA_LOSS for
// anything else, UNIMPLEMENTED for other versions or an encrypted container.
Result<std::vector<SectionInfo>> ParseContainerHeader(
    std::span<const uint8_t> start_of_file, uint64_t file_bytes);

// Reads sections one by one, in chunks, straight into wiped memory, and
// checks each against its hash. Not thread-safe.
class ContainerReader {
 public:
  static Result<ContainerReader> Open(const std::filesystem::path& path);
  ~ContainerReader();
  ContainerReader(ContainerReader&& other) noexcept;
  ContainerReader& operator=(ContainerReader&&) = delete;

  const std::vector<SectionInfo>& sections() const { return sections_; }
  bool Has(std::string_view name) const;
  // NOT_FOUND when there is no such section, DATA_LOSS when its hash differs.
  Result<SecretBytes> Read(std::string_view name);

 private:
  ContainerReader() = default;
  int descriptor_ = -1;
  std::vector<SectionInfo> sections_;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_CONTAINER_H_
