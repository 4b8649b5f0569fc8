// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_KERNEL_FILES_H_
#define CMIF_PLATFORM_KERNEL_FILES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::platform {

// Files of the kernel's (or of Gramine's), whose reading and writing make it do
// something. Paths are absolute. Failures are values of errno. Thread-safe.
class KernelFiles {
 public:
  // 0, or a value of errno.
  using Errno = int;

  virtual ~KernelFiles() = default;
  virtual bool Exists(const std::string& path) = 0;
  virtual Errno MakeFolder(const std::string& path) = 0;
  virtual Errno RemoveFolder(const std::string& path) = 0;
  // In one call of write(2).
  virtual Errno Write(const std::string& path,
                      std::span<const uint8_t> bytes) = 0;
  // EFBIG: more than `limit_bytes`.
  virtual std::expected<std::vector<uint8_t>, Errno> Read(
      const std::string& path, size_t limit_bytes) = 0;
};

// Those of this machine, below `root` (empty: "/").
std::shared_ptr<KernelFiles> MachineFiles(std::string root = {});

// How attesters wait between two tries; tests do not wait.
using Pause = std::function<void(std::chrono::milliseconds)>;
Pause Sleep();

// Whether the same call may succeed later: EBUSY, EAGAIN, EINTR.
bool MayPass(KernelFiles::Errno error);
// "WHAT: Permission denied" with a code that fits the errno: NOT_FOUND,
// PERMISSION_DENIED, UNAVAILABLE where it may pass, else INTERNAL.
Status ErrnoStatus(const std::string& what, KernelFiles::Errno error);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_KERNEL_FILES_H_
