// SPDX-License-Identifier: Apache-2.0
// Files: mapped reading, and writing that never leaves a half-written file.
// Rooms privacy and text stay pure and do not include this.
#ifndef CMIF_BASE_FILE_H_
#define CMIF_BASE_FILE_H_

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"

namespace cmif {

// A regular file mapped read-only for its lifetime. Someone who truncates the
// file meanwhile makes reads fault (SIGBUS), which ends the program.
class MappedFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (not a regular file).
  static Result<MappedFile> Open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Reads a whole file of at most `limit_bytes` (RESOURCE_EXHAUSTED beyond).
Result<std::string> ReadFile(const std::filesystem::path& path,
                             uint64_t limit_bytes);

// The same of a key, into memory for secrets.
Result<SecretBytes> ReadSecretFile(const std::filesystem::path& path,
                                   uint64_t limit_bytes);

// Writes to a temporary name beside `path`; Commit() flushes it to the disk
// and renames it. Without Commit() nothing stays. Not thread-safe.
class AtomicFile {
 public:
  // kOwner: mode 0600 for what is secret; kUsual: 0666 less the umask.
  enum class Readers { kUsual, kOwner };
  static Result<AtomicFile> Create(const std::filesystem::path& path,
                                   Readers readers = Readers::kUsual);
  ~AtomicFile();
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  // RESOURCE_EXHAUSTED when the disk is full, INTERNAL for other errors.
  Result<void> Write(std::span<const uint8_t> bytes);
  // Overwrites what was written before; offset + bytes.size() <= size_bytes().
  Result<void> Overwrite(uint64_t offset, std::span<const uint8_t> bytes);
  // Appends zeroes as a hole: they take no disk blocks.
  Result<void> WriteHole(uint64_t size_bytes);
  uint64_t size_bytes() const { return size_bytes_; }
  Result<void> Commit();
  // ALREADY_EXISTS: there is a file of that name, which stays.
  Result<void> CommitNew();

 private:
  Result<void> Flush();
  AtomicFile() = default;
  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
  uint64_t size_bytes_ = 0;
};

// One call for a whole small file.
Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const uint8_t> bytes);

// Creates the folder if needed and proves that a file can be written there.
Result<void> CheckWritableFolder(const std::filesystem::path& folder);

}  // namespace cmif

#endif  // CMIF_BASE_FILE_H_
