// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_ECHO_PROCESS_H_
#define CMIF_CLI_ECHO_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// A second process that answers at once: what a crossing between two address
// spaces costs where nothing is computed. Not thread-safe.
class EchoProcess {
 public:
  // UNAVAILABLE: the system gives no socket or no process.
  static Result<EchoProcess> Start();
  ~EchoProcess();
  EchoProcess(EchoProcess&& other) noexcept;
  EchoProcess& operator=(EchoProcess&&) = delete;

  // Seconds from sending `there` bytes until `back` bytes have come, each at
  // least 1. UNAVAILABLE: the process is gone.
  Result<double> RoundTrip(uint64_t there, uint64_t back);

 private:
  EchoProcess(int socket, pid_t pid) : socket_(socket), pid_(pid) {}
  int socket_;
  pid_t pid_;
  std::vector<uint8_t> buffer_;
};

}  // namespace cmif::cli

#endif  // CMIF_CLI_ECHO_PROCESS_H_
