// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/kernel_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

namespace cmif::platform {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : number_(open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

class PosixFiles final : public KernelFiles {
 public:
  explicit PosixFiles(std::string root) : root_(std::move(root)) {}

  bool Exists(const std::string& path) override {
    return access((root_ + path).c_str(), F_OK) == 0;
  }
  Errno MakeFolder(const std::string& path) override {
    return mkdir((root_ + path).c_str(), 0700) == 0 ? 0 : errno;
  }
  Errno RemoveFolder(const std::string& path) override {
    return rmdir((root_ + path).c_str()) == 0 ? 0 : errno;
  }
  Errno Write(const std::string& path,
              std::span<const uint8_t> bytes) override {
    const Descriptor file(root_ + path, O_WRONLY);
    if (file.get() < 0) return errno;
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0) return errno;
    return static_cast<size_t>(written) == bytes.size() ? 0 : EIO;
  }
  std::expected<std::vector<uint8_t>, Errno> Read(const std::string& path,
                                                  size_t limit_bytes) override {
    const Descriptor file(root_ + path, O_RDONLY);
    if (file.get() < 0) return std::unexpected(errno);
    std::vector<uint8_t> bytes;
    std::array<uint8_t, 4096> part;
    for (;;) {
      const ssize_t got = read(file.get(), part.data(), part.size());
      if (got < 0) return std::unexpected(errno);
      if (got == 0) return bytes;
      bytes.insert(bytes.end(), part.begin(), part.begin() + got);
      if (bytes.size() > limit_bytes) return std::unexpected(EFBIG);
    }
  }

 private:
  const std::string root_;
};

}  // namespace

std::shared_ptr<KernelFiles> MachineFiles(std::string root) {
  return std::make_shared<PosixFiles>(std::move(root));
}

Pause Sleep() {
  return
      [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
}

bool MayPass(KernelFiles::Errno error) {
  return error == EBUSY || error == EAGAIN || error == EINTR;
}

Status ErrnoStatus(const std::string& what, KernelFiles::Errno error) {
  Code code = MayPass(error) ? Code::kUnavailable : Code::kInternal;
  if (error == ENOENT || error == ENOTDIR || error == ENXIO ||
      error == ENODEV) {
    code = Code::kNotFound;
  }
  if (error == EACCES || error == EPERM || error == EROFS) {
    code = Code::kPermissionDenied;
  }
  return {code, what + ": " + std::generic_category().message(error)};
}

}  // namespace cmif::platform
