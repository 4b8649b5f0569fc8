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

namespace cmif::model {
namespace {

constexpr std::string_view kMagic = "CMIFBNDL";
constexpr uint64_t kAlignment = 64;
constexpr size_t kFixedBytes = 32;
constexpr size_t kEntryBytes = kSectionNameBytes + 8 + 8 + 32;
constexpr size_t kDigestBytes = 32;
constexpr uint32_t kNotEncrypted = 0;

size_t HeaderBytes(size_t sections) {
  return kFixedBytes + sections * kEntryBytes + kDigestBytes;
}

uint64_t Aligned(uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

std::vector<uint8_t> Header(std::span<const Section> sections) {
  ByteWriter writer;
  writer.Append(AsBytes(kMagic));
  writer.Write(kContainerVersion);
  writer.Write(kNotEncrypted);
  writer.Write(static_cast<uint32_t>(sections.size()));
  writer.Write(uint32_t{0});  // reserved
  uint64_t offset = Aligned(HeaderBytes(sections.size()));
  uint64_t end = offset;
  for (const Section& section : sections) {
    end = Aligned(end) + section.bytes.size();
  }
  writer.Write(end);
  for (const Section& section : sections) {
    std::string name = section.name;
    name.resize(kSectionNameBytes);
    writer.Append(AsBytes(name));
    writer.Write(offset);
    writer.Write(static_cast<uint64_t>(section.bytes.size()));
    writer.Append(crypto::Sha256Of(section.bytes));
    offset = Aligned(offset + section.bytes.size());
  }
  writer.Append(crypto::Sha256Of(writer.bytes()));
  return writer.Release();
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
Result<void> CheckLayout(std::span<const SectionInfo> sections,
                         uint64_t file_bytes) {
  uint64_t next = Aligned(HeaderBytes(sections.size()));
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
    if (got <= 0) return DataLoss("the file ends early");
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

}  // namespace

Result<void> WriteContainer(const std::filesystem::path& path,
                            std::span<const Section> sections) {
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
  CMIF_TRY(file.Write(Header(sections)));
  for (const Section& section : sections) {
    const std::vector<uint8_t> padding(Aligned(file.size_bytes()) -
                                       file.size_bytes());
    CMIF_TRY(file.Write(padding));
    CMIF_TRY(file.Write(section.bytes));
  }
  return file.Commit();
}

Result<std::vector<SectionInfo>> ParseContainerHeader(
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
  if (encryption != kNotEncrypted) {
    return Unimplemented(
        "the file is encrypted; this program cannot open "
        "encrypted files yet");
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
  std::vector<SectionInfo> sections;
  for (uint32_t i = 0; i < count; ++i) {
    CMIF_ASSIGN(SectionInfo info, ParseEntry(reader));
    sections.push_back(std::move(info));
  }
  const size_t hashed = reader.position();
  CMIF_ASSIGN(const auto digest, reader.Take(kDigestBytes));
  if (!std::ranges::equal(digest,
                          crypto::Sha256Of(start_of_file.first(hashed)))) {
    return DataLoss(
        "the header of the file does not have its hash: it "
        "is corrupt");
  }
  CMIF_TRY(CheckLayout(sections, file_bytes));
  return sections;
}

Result<ContainerReader> ContainerReader::Open(
    const std::filesystem::path& path) {
  ContainerReader reader;
  reader.descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (reader.descriptor_ < 0 || fstat(reader.descriptor_, &info) != 0) {
    return NotFound("cannot open " + path.string() + ": " + strerror(errno));
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  std::vector<uint8_t> start(
      std::min<uint64_t>(size, HeaderBytes(kMaxSections)));
  CMIF_TRY(ReadAt(reader.descriptor_, 0, start));
  auto sections = ParseContainerHeader(start, size);
  if (!sections) return std::unexpected(sections.error().At(path.string()));
  reader.sections_ = *std::move(sections);
  return reader;
}

ContainerReader::~ContainerReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

ContainerReader::ContainerReader(ContainerReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      sections_(std::move(other.sections_)) {}

bool ContainerReader::Has(std::string_view name) const {
  return std::ranges::find(sections_, name, &SectionInfo::name) !=
         sections_.end();
}

Result<SecretBytes> ContainerReader::Read(std::string_view name) {
  const auto info = std::ranges::find(sections_, name, &SectionInfo::name);
  if (info == sections_.end()) {
    return NotFound("the file has no section '" + std::string(name) + "'");
  }
  constexpr size_t kChunkBytes = 1 << 20;
  SecretBytes bytes(info->size_bytes);
  crypto::Sha256 hash;
  for (size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    const auto chunk =
        bytes.bytes().subspan(at, std::min(kChunkBytes, bytes.size() - at));
    CMIF_TRY(ReadAt(descriptor_, info->offset + at, chunk));
    hash.Update(chunk);
  }
  if (hash.Finish() != info->sha256) {
    return DataLoss("section '" + std::string(name) +
                    "' of the file does not have its hash: it is "
                    "corrupt; copy it again");
  }
  return bytes;
}

}  // namespace cmif::model
