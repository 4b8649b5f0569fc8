// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cmif/base/byte_reader.h"

namespace cmif {
namespace {

Code CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EISDIR:
      return Code::kInvalidArgument;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::kResourceExhausted;
    default:
      return Code::kInternal;
  }
}

std::unexpected<Status> Failure(std::string_view what,
                                const std::filesystem::path& path, int error) {
  if (path.empty()) {
    return InvalidArgument(fmt::format("cannot {}: the name is empty", what));
  }
  // Root is not told why by the kernel.
  const char* const more =
      error == EACCES && geteuid() == 0
          ? " (a hardened command has no rights of root's: docs/hardening.md)"
          : "";
  return Fail(CodeOf(error), fmt::format("cannot {} {}: {}{}", what,
                                         path.string(), strerror(error), more));
}

// The umask of the program's start; there is no call that only reads it.
mode_t Umask() {
  static const mode_t kUmask = [] {
    const mode_t mask = umask(077);
    umask(mask);
    return mask;
  }();
  return kUmask;
}

}  // namespace

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe is refused, not waited for.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Failure("open", path, errno);
  struct stat info{};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor);
    return InvalidArgument(path.string() + " is not a regular file");
  }
  MappedFile file;
  file.size_ = static_cast<size_t>(info.st_size);
  if (file.size_ > 0) {
    void* data =
        mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    if (data == MAP_FAILED) {
      close(descriptor);
      return Failure("map", path, error);
    }
    file.data_ = static_cast<const uint8_t*>(data);
  }
  close(descriptor);
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

namespace {

Result<MappedFile> OpenLimited(const std::filesystem::path& path,
                               uint64_t limit_bytes) {
  CMIF_ASSIGN(MappedFile file, MappedFile::Open(path));
  if (file.bytes().size() > limit_bytes) {
    return ResourceExhausted(fmt::format("{} has {} bytes, the limit is {}",
                                         path.string(), file.bytes().size(),
                                         limit_bytes));
  }
  return file;
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path,
                             uint64_t limit_bytes) {
  CMIF_ASSIGN(const MappedFile file, OpenLimited(path, limit_bytes));
  return std::string(AsText(file.bytes()));
}

Result<SecretBytes> ReadSecretFile(const std::filesystem::path& path,
                                   uint64_t limit_bytes) {
  CMIF_ASSIGN(const MappedFile file, OpenLimited(path, limit_bytes));
  SecretBytes bytes(file.bytes().size());
  std::ranges::copy(file.bytes(), bytes.bytes().begin());
  return bytes;
}

Result<AtomicFile> AtomicFile::Create(const std::filesystem::path& path,
                                      Readers readers) {
  AtomicFile file;
  file.path_ = path;
  file.temporary_ = path.string() + ".tmp-XXXXXX";
  file.descriptor_ = mkostemp(file.temporary_.data(), O_CLOEXEC);
  if (file.descriptor_ < 0) return Failure("create", path, errno);
  const mode_t mode = readers == Readers::kOwner ? 0600 : 0666 & ~Umask();
  fchmod(file.descriptor_, mode);
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_bytes_(other.size_bytes_) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Result<void> AtomicFile::Write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return Failure("write", path_, errno);
    bytes = bytes.subspan(static_cast<size_t>(done));
    size_bytes_ += static_cast<uint64_t>(done);
  }
  return {};
}

Result<void> AtomicFile::Overwrite(uint64_t offset,
                                   std::span<const uint8_t> bytes) {
  if (offset + bytes.size() > size_bytes_) {
    return InvalidArgument("overwriting beyond the end of a file");
  }
  while (!bytes.empty()) {
    const ssize_t done = pwrite(descriptor_, bytes.data(), bytes.size(),
                                static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return Failure("write", path_, errno);
    bytes = bytes.subspan(static_cast<size_t>(done));
    offset += static_cast<uint64_t>(done);
  }
  return {};
}

Result<void> AtomicFile::WriteHole(uint64_t size_bytes) {
  size_bytes_ += size_bytes;
  if (ftruncate(descriptor_, static_cast<off_t>(size_bytes_)) != 0 ||
      lseek(descriptor_, 0, SEEK_END) < 0) {
    return Failure("extend", path_, errno);
  }
  return {};
}

Result<void> AtomicFile::Flush() {
  if (fsync(descriptor_) != 0) return Failure("flush", path_, errno);
  if (close(std::exchange(descriptor_, -1)) != 0) {
    return Failure("close", path_, errno);
  }
  return {};
}

Result<void> AtomicFile::CommitNew() {
  CMIF_TRY(Flush());
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(),
                RENAME_NOREPLACE) == 0) {
    temporary_.clear();
    return {};
  }
  // File systems without that flag; the other name goes with this object.
  if (errno != EEXIST && link(temporary_.c_str(), path_.c_str()) == 0) {
    return {};
  }
  if (errno != EEXIST) {
    return Failure("rename the temporary file to", path_, errno);
  }
  return Fail(Code::kAlreadyExists,
              path_.string() + " exists; give the name of a new file");
}

Result<void> AtomicFile::Commit() {
  CMIF_TRY(Flush());
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return Failure("rename the temporary file to", path_, errno);
  }
  temporary_.clear();
  return {};
}

Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const uint8_t> bytes) {
  CMIF_ASSIGN(AtomicFile file, AtomicFile::Create(path));
  CMIF_TRY(file.Write(bytes));
  return file.Commit();
}

Result<void> CheckWritableFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Failure("create the folder", folder, error.value());
  CMIF_ASSIGN(AtomicFile probe, AtomicFile::Create(folder / "probe"));
  return probe.Write(AsBytes("x"));
}

}  // namespace cmif
