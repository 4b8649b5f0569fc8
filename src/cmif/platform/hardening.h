// SPDX-License-Identifier: Apache-2.0
// What a process gives up at its start, so that a mistake in it, or another
// process of the same user, reaches less. No TEE: the administrator of the
// machine still reads everything. docs/hardening.md.
#ifndef CMIF_PLATFORM_HARDENING_H_
#define CMIF_PLATFORM_HARDENING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::platform {

// What a process may still do afterwards, beside reading the system's public
// files. Paths that do not exist are passed over.
struct HardeningPlan {
  std::vector<std::string> readable;    // files, and folders with all in them
  std::vector<std::string> writable;    // folders with all in them
  std::vector<uint16_t> connect_ports;  // TCP
  std::vector<uint16_t> listen_ports;   // TCP; none: it never listens
  bool gpu = false;                     // devices of GPUs
};

struct Measure {
  std::string id;  // "landlock.files"
  bool on = false;
  std::string detail;  // what it does, or why it is off and what to do
};

struct HardeningReport {
  std::vector<Measure> measures;

  const Measure* Find(std::string_view id) const;
  bool AllOn() const;
  // "hardening: 9 of 10 measures on; off: landlock.ports (...)".
  std::string Line() const;
};

// Takes all measures that the kernel grants, for all of the process and for
// good: once, before any thread is started, a file is opened or OpenSSL used. A
// measure that is not granted is off in the report and no failure.
// PERMISSION_DENIED: the environment has put foreign code into the process
// (LD_PRELOAD, LD_AUDIT).
Result<HardeningReport> Harden(const HardeningPlan& plan);

// True in builds with a sanitizer, which needs ptrace and starts processes:
// such a build keeps both, and can be dumped.
bool HasSanitizer();

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_HARDENING_H_
