// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/secret_memory.h"

namespace cmif::model {
namespace {

constexpr std::string_view kMagic = "CMIFBNDL";
constexpr uint64_t kAlignment = 64;
constexpr size_t kFixedBytes = 32;
constexpr size_t kEntryBytes = kSectionNameBytes + 8 + 8 + 32;
constexpr size_t kDigestBytes = 32;
constexpr uint32_t kNotEncrypted = 0;
constexpr uint32_t kSealed = 1;
constexpr size_t kOwnerBytes = 32;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kChunkBytes = 1 << 20;

size_t HeaderBytes(size_t sections, bool sealed) {
  return kFixedBytes + sections * kEntryBytes + kDigestBytes +
         (sealed ? kOwnerBytes + kSignatureBytes : 0);
}

uint64_t Aligned(uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// What the owner signs: of no other use anywhere.
std::vector<uint8_t> SignedMessage(const crypto::Digest& header) {
  ByteWriter writer;
  writer.Append(AsBytes("cmif sealed container v1\n"));
  writer.Append(header);
  return writer.Release();
}

std::vector<uint8_t> HeaderOf(std::span<const SectionInfo> sections,
                              uint64_t file_bytes, const Sealing* sealing) {
  ByteWriter writer;
  writer.Append(AsBytes(kMagic));
  writer.Write(kContainerVersion);
  writer.Write(sealing != nullptr ? kSealed : kNotEncrypted);
  writer.Write(static_cast<uint32_t>(sections.size()));
  writer.Write(uint32_t{0});  // reserved
  writer.Write(file_bytes);
  for (const SectionInfo& section : sections) {
    std::string name = section.name;
    name.resize(kSectionNameBytes);
    writer.Append(AsBytes(name));
    writer.Write(section.offset);
    writer.Write(section.size_bytes);
    writer.Append(section.sha256);
  }
  const crypto::Digest digest = crypto::Sha256Of(writer.bytes());
  writer.Append(digest);
  if (sealing == nullptr) return writer.Release();
  crypto::Ed25519PublicKey owner{};
  crypto::Ed25519Signature signature{};
  if (sealing->owner != nullptr) {
    owner = sealing->owner->public_key();
    signature = sealing->owner->Sign(SignedMessage(digest));
  }
  writer.Append(owner);
  writer.Append(signature);
  return writer.Release();
}

// The owner's key and signature behind the header's digest.
Result<std::optional<crypto::Ed25519PublicKey>> ParseOwner(
    ByteReader& reader, const crypto::Digest& digest) {
  CMIF_ASSIGN(const auto owner_bytes, reader.Take(kOwnerBytes));
  CMIF_ASSIGN(const auto signature_bytes, reader.Take(kSignatureBytes));
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (std::ranges::all_of(owner_bytes, is_zero) &&
      std::ranges::all_of(signature_bytes, is_zero)) {
    return std::nullopt;
  }
  crypto::Ed25519PublicKey owner{};
  crypto::Ed25519Signature signature{};
  std::ranges::copy(owner_bytes, owner.begin());
  std::ranges::copy(signature_bytes, signature.begin());
  if (!crypto::VerifyEd25519(owner, SignedMessage(digest), signature)) {
    return DataLoss(
        "the owner's signature of the file does not hold: it was "
        "changed; get it again from the model's owner");
  }
  return owner;
}

Result<SectionInfo> ParseEntry(ByteReader& reader) {
  SectionInfo info;
  CMIF_ASSIGN(const auto name, reader.Take(kSectionNameBytes));
  info.name = AsText(name);
  info.name.resize(std::min(info.name.find('\0'), info.name.size()));
  const bool printable = std::ranges::all_of(
      info.name, [](char c) { return c > ' ' && c <= '~'; });
  if (info.name.empty() || !printable) {
    return DataLoss("a section of the file has no proper name");
  }
  CMIF_ASSIGN(info.offset, reader.Read<uint64_t>());
  CMIF_ASSIGN(info.size_bytes, reader.Read<uint64_t>());
  CMIF_ASSIGN(const auto digest, reader.Take(kDigestBytes));
  std::ranges::copy(digest, info.sha256.begin());
  return info;
}

// Sections follow each other, aligned, up to the end of the file.
Result<void> CheckLayout(std::span<const SectionInfo> sections, bool sealed,
                         uint64_t file_bytes) {
  uint64_t next = Aligned(HeaderBytes(sections.size(), sealed));
  for (size_t i = 0; i < sections.size(); ++i) {
    const SectionInfo& info = sections[i];
    if (info.offset != next || info.offset > file_bytes ||
        info.size_bytes > file_bytes - info.offset) {
      return DataLoss(
          fmt::format("section '{}' does not lie inside the file of {} "
                      "bytes: it is truncated or corrupt",
                      info.name, file_bytes));
    }
    const bool last = i + 1 == sections.size();
    next = last ? info.offset + info.size_bytes
                : Aligned(info.offset + info.size_bytes);
    for (size_t j = 0; j < i; ++j) {
      if (sections[j].name == info.name) {
        return DataLoss("section '" + info.name + "' stands there twice");
      }
    }
  }
  if (next != file_bytes) {
    return DataLoss(fmt::format("the file should have {} bytes and has {}",
                                next, file_bytes));
  }
  return {};
}

Result<void> ReadAt(int descriptor, uint64_t offset, std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got =
        pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Internal(fmt::format("cannot read: {}", strerror(errno)));
    }
    if (got == 0) return DataLoss("the file ends early");
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

// The stored bytes of a section, in order, hashed as they are read.
class StoredStream {
 public:
  StoredStream(int descriptor, const SectionInfo& info)
      : descriptor_(descriptor), info_(info) {}
  uint64_t left() const { return info_.size_bytes - at_; }
  Result<void> Read(std::span<uint8_t> out) {
    CMIF_TRY(ReadAt(descriptor_, info_.offset + at_, out));
    at_ += out.size();
    hash_.Update(out);
    return {};
  }
  // Once nothing is left.
  Result<void> CheckHash() {
    if (hash_.Finish() == info_.sha256) return {};
    return DataLoss("section '" + info_.name +
                    "' of the file does not have its hash: the file is "
                    "corrupt; copy it again");
  }

 private:
  int descriptor_;
  const SectionInfo& info_;
  uint64_t at_ = 0;
  crypto::Sha256 hash_;
};

Result<SectionInfo> WriteSection(AtomicFile& file, const Section& section,
                                 const Sealing* sealing) {
  SectionInfo info{.name = section.name, .offset = file.size_bytes()};
  crypto::Sha256 hash;
  const auto write = [&](std::span<const uint8_t> piece) {
    hash.Update(piece);
    return file.Write(piece);
  };
  CMIF_TRY(sealing == nullptr ? write(section.bytes)
                              : crypto::Seal(*sealing->key, section.name,
                                             section.bytes, write));
  info.size_bytes = file.size_bytes() - info.offset;
  info.sha256 = hash.Finish();
  return info;
}

}  // namespace

Result<void> WriteContainer(const std::filesystem::path& path,
                            std::span<const Section> sections,
                            const Sealing* sealing) {
  if (sections.empty() || sections.size() > kMaxSections) {
    return InvalidArgument("a file has 1 to 32 sections");
  }
  for (const Section& section : sections) {
    if (section.name.empty() || section.name.size() > kSectionNameBytes) {
      return InvalidArgument("a section name has 1 to 16 bytes");
    }
  }
  CMIF_ASSIGN(AtomicFile file,
              AtomicFile::Create(path, AtomicFile::Readers::kOwner));
  CMIF_TRY(file.Write(
      std::vector<uint8_t>(HeaderBytes(sections.size(), sealing != nullptr))));
  std::vector<SectionInfo> infos;
  for (const Section& section : sections) {
    const std::vector<uint8_t> padding(Aligned(file.size_bytes()) -
                                       file.size_bytes());
    CMIF_TRY(file.Write(padding));
    CMIF_ASSIGN(SectionInfo info, WriteSection(file, section, sealing));
    infos.push_back(std::move(info));
  }
  // Only now are all hashes known.
  CMIF_TRY(file.Overwrite(0, HeaderOf(infos, file.size_bytes(), sealing)));
  return file.Commit();
}

Result<ContainerHeader> ParseContainerHeader(
    std::span<const uint8_t> start_of_file, uint64_t file_bytes) {
  ByteReader reader(start_of_file);
  const auto magic = reader.Take(kMagic.size());
  if (!magic || AsText(*magic) != kMagic) {
    return DataLoss("this is no bundle or channel of CMIF (no CMIF header)");
  }
  CMIF_ASSIGN(const uint32_t version, reader.Read<uint32_t>());
  CMIF_ASSIGN(const uint32_t encryption, reader.Read<uint32_t>());
  CMIF_ASSIGN(const uint32_t count, reader.Read<uint32_t>());
  CMIF_TRY(reader.Read<uint32_t>());
  if (version != kContainerVersion) {
    return Unimplemented(fmt::format(
        "the file has format version {}, this program reads {}; make it "
        "again or use the matching program",
        version, kContainerVersion));
  }
  if (encryption != kNotEncrypted && encryption != kSealed) {
    return Unimplemented(fmt::format(
        "the file is encrypted in a way ({}) that this program does not "
        "know; use the matching program",
        encryption));
  }
  if (count == 0 || count > kMaxSections) {
    return DataLoss(fmt::format("the file names {} sections; 1 to {} work",
                                count, kMaxSections));
  }
  CMIF_ASSIGN(const uint64_t end, reader.Read<uint64_t>());
  if (end != file_bytes) {
    return DataLoss(
        fmt::format("the file should have {} bytes and has {}: "
                    "it is truncated or was added to",
                    end, file_bytes));
  }
  ContainerHeader header;
  header.sealed = encryption == kSealed;
  for (uint32_t i = 0; i < count; ++i) {
    CMIF_ASSIGN(SectionInfo info, ParseEntry(reader));
    header.sections.push_back(std::move(info));
  }
  const size_t hashed = reader.position();
  CMIF_ASSIGN(const auto stored, reader.Take(kDigestBytes));
  const crypto::Digest digest = crypto::Sha256Of(start_of_file.first(hashed));
  if (!std::ranges::equal(stored, digest)) {
    return DataLoss(
        "the header of the file does not have its hash: it "
        "is corrupt");
  }
  if (header.sealed) {
    CMIF_ASSIGN(header.owner, ParseOwner(reader, digest));
  }
  CMIF_TRY(CheckLayout(header.sections, header.sealed, file_bytes));
  return header;
}

Result<ContainerReader> ContainerReader::Open(const std::filesystem::path& path,
                                              const crypto::SealKey* key) {
  ContainerReader reader;
  reader.key_ = key;
  reader.descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info{};
  if (reader.descriptor_ < 0 || fstat(reader.descriptor_, &info) != 0) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kPermissionDenied,
                "cannot open " + path.string() + ": " + strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgument(path.string() + " is not a regular file");
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  std::vector<uint8_t> start(
      std::min<uint64_t>(size, HeaderBytes(kMaxSections, true)));
  CMIF_TRY(ReadAt(reader.descriptor_, 0, start));
  auto header = ParseContainerHeader(start, size);
  if (!header) return std::unexpected(header.error().At(path.string()));
  reader.header_ = *std::move(header);
  return reader;
}

ContainerReader::~ContainerReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

ContainerReader::ContainerReader(ContainerReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      header_(std::move(other.header_)),
      key_(other.key_) {}

bool ContainerReader::Has(std::string_view name) const {
  return std::ranges::find(sections(), name, &SectionInfo::name) !=
         sections().end();
}

Result<const SectionInfo*> ContainerReader::Find(std::string_view name) const {
  const auto info = std::ranges::find(sections(), name, &SectionInfo::name);
  if (info != sections().end()) return &*info;
  return NotFound("the file has no section '" + std::string(name) + "'");
}

Result<SecretBytes> ContainerReader::Read(std::string_view name) {
  CMIF_ASSIGN(const SectionInfo* const info, Find(name));
  if (header_.sealed) return ReadSealed(*info);
  StoredStream stored(descriptor_, *info);
  SecretBytes bytes(info->size_bytes);
  // Not straight into small ones: file systems that read without a cache pin
  // what they read into, which memfd_secret's pages do not let them do.
  const bool small = bytes.size() <= kMaxUnmappedBytes;
  SecretBytes ordinary(small ? kMaxUnmappedBytes + 1 : 0);
  const auto into =
      small ? ordinary.bytes().first(bytes.size()) : bytes.bytes();
  for (size_t at = 0; at < into.size(); at += kChunkBytes) {
    CMIF_TRY(
        stored.Read(into.subspan(at, std::min(kChunkBytes, into.size() - at))));
  }
  if (small) std::ranges::copy(into, bytes.bytes().begin());
  CMIF_TRY(stored.CheckHash());
  return bytes;
}

Result<void> ContainerReader::CheckStored(std::string_view name) const {
  CMIF_ASSIGN(const SectionInfo* const info, Find(name));
  StoredStream stored(descriptor_, *info);
  std::vector<uint8_t> chunk(kChunkBytes);
  while (stored.left() > 0) {
    CMIF_TRY(stored.Read(std::span(chunk).first(
        std::min<uint64_t>(kChunkBytes, stored.left()))));
  }
  return stored.CheckHash();
}

Result<SecretBytes> ContainerReader::ReadSealed(const SectionInfo& info) const {
  if (key_ == nullptr) {
    return FailedPrecondition(
        "the file is sealed: give the bundle's key with --bundle-key FILE, or "
        "get it with --broker");
  }
  CMIF_ASSIGN(const uint64_t size, crypto::OpenedSize(info.size_bytes));
  StoredStream stored(descriptor_, info);
  std::vector<uint8_t> sealed(crypto::kSealHeaderBytes);
  CMIF_TRY(stored.Read(sealed));
  auto opener = crypto::SealOpener::Start(*key_, info.name, sealed);
  SecretBytes opened(size);
  std::span<uint8_t> rest = opened.bytes();
  while (stored.left() > 0) {
    sealed.resize(std::min<uint64_t>(
        crypto::kSealChunkBytes + crypto::kSealOverheadBytes, stored.left()));
    CMIF_TRY(stored.Read(sealed));
    const auto out = rest.first(sealed.size() - crypto::kSealOverheadBytes);
    rest = rest.subspan(out.size());
    auto done = opener.Open(sealed, stored.left() == 0, out);
    if (!done) {
      return std::unexpected(done.error().At("section '" + info.name + "'"));
    }
  }
  CMIF_TRY(stored.CheckHash());
  return opened;
}

}  // namespace cmif::model
