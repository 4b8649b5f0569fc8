// SPDX-License-Identifier: Apache-2.0
// The container of embedding.cmif (docs/bundle-format.md): a header with a
// table of named sections, then the sections, each with its length and SHA-256.
// Sections may be sealed (crypto/sealed_stream.h); header and table are then
// signed by the owner of the model, or by nobody.
#ifndef CMIF_MODEL_CONTAINER_H_
#define CMIF_MODEL_CONTAINER_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"
#include "cmif/crypto/sha256.h"

namespace cmif::model {

inline constexpr uint32_t kContainerVersion = 1;
inline constexpr size_t kMaxSections = 32;
inline constexpr size_t kSectionNameBytes = 16;

struct SectionInfo {
  std::string name;  // 1 to 16 bytes, ASCII
  uint64_t offset = 0;
  uint64_t size_bytes = 0;  // as stored
  crypto::Digest sha256{};  // as stored
};

struct ContainerHeader {
  std::vector<SectionInfo> sections;
  bool sealed = false;
  // Whose signature it has (checked); only where sections are sealed.
  std::optional<crypto::Ed25519PublicKey> owner;
};

// How the sections of a container are sealed; what it points to must outlive
// the write.
struct Sealing {
  const crypto::SealKey* key;
  const crypto::Ed25519Signer* owner = nullptr;  // null: unsigned
};

struct Section {
  std::string name;
  std::span<const uint8_t> bytes;  // must outlive the write
};

// Writes the container atomically; readable for its owner alone.
// INVALID_ARGUMENT for bad names.
Result<void> WriteContainer(const std::filesystem::path& path,
                            std::span<const Section> sections,
                            const Sealing* sealing = nullptr);

// Parses a header. `file_bytes` is the size of the whole file: sections must
// lie inside it, one after the other, without gaps but padding. DATA_LOSS for
// anything else and for a signature that does not hold, UNIMPLEMENTED for other
// versions or encryptions.
Result<ContainerHeader> ParseContainerHeader(
    std::span<const uint8_t> start_of_file, uint64_t file_bytes);

// Reads sections one by one, in chunks, straight into wiped memory, and
// checks each against its hash; sealed ones are opened there too, so that
// nothing opened is written anywhere. Not thread-safe.
class ContainerReader {
 public:
  // `key` (may be null) must outlive the reader.
  static Result<ContainerReader> Open(const std::filesystem::path& path,
                                      const crypto::SealKey* key = nullptr);
  ~ContainerReader();
  ContainerReader(ContainerReader&& other) noexcept;
  ContainerReader& operator=(ContainerReader&&) = delete;

  const ContainerHeader& header() const { return header_; }
  const std::vector<SectionInfo>& sections() const { return header_.sections; }
  bool Has(std::string_view name) const;
  // NOT_FOUND when there is no such section, DATA_LOSS when its hash differs or
  // the key does not open it, FAILED_PRECONDITION for a sealed one without key.
  Result<SecretBytes> Read(std::string_view name);
  // Its stored bytes against its hash, without opening. The same errors.
  Result<void> CheckStored(std::string_view name) const;

 private:
  ContainerReader() = default;
  Result<const SectionInfo*> Find(std::string_view name) const;
  Result<SecretBytes> ReadSealed(const SectionInfo& info) const;

  int descriptor_ = -1;
  ContainerHeader header_;
  const crypto::SealKey* key_ = nullptr;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_CONTAINER_H_
