// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_SECCOMP_FILTER_H_
#define CMIF_PLATFORM_SECCOMP_FILTER_H_

#include "cmif/platform/hardening.h"

namespace cmif::platform {

// Takes system calls away from all threads, "seccomp". A program started,
// another process's memory or another kernel asked for kills the process: no
// code of ours does this. Calls that a library may try before it takes another
// way (io_uring, userfaultfd, perf, keys, bpf, mounts), and listening unless
// `may_listen`, fail with EPERM. All other calls stay: a list of what gRPC,
// glibc and llama.cpp need would break with their next version. Off in builds
// with a sanitizer.
Measure RestrictSystemCalls(bool may_listen);

}  // namespace cmif::platform

#endif  // CMIF_PLATFORM_SECCOMP_FILTER_H_
