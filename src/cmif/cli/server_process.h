// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_SERVER_PROCESS_H_
#define CMIF_CLI_SERVER_PROCESS_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// A `cmif server` in a process of its own on a free loopback port, stopped
// with the object (SIGTERM, which drains; SIGKILL after 12 s). Not
// thread-safe.
class ServerProcess {
 public:
  // Waits until it listens. UNAVAILABLE when it does not within 60 s; what it
  // said stands on standard error.
  static Result<ServerProcess> Start(const std::filesystem::path& body,
                                     const std::vector<std::string>& flags);
  ~ServerProcess();
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }

 private:
  ServerProcess() = default;
  Result<void> WaitForAddress(int descriptor);

  pid_t pid_ = -1;
  std::string address_;
};

// The running program: /proc/self/exe.
std::filesystem::path OwnBinary();

}  // namespace cmif::cli

#endif  // CMIF_CLI_SERVER_PROCESS_H_
