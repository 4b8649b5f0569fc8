// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/seccomp_filter.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

namespace cmif::platform {
namespace {

constexpr std::array kKilled = {
    "execve",           "execveat",          "ptrace",
    "process_vm_readv", "process_vm_writev", "kexec_load",
    "kexec_file_load",  "init_module",       "finit_module",
    "delete_module"};
constexpr std::array kRefused = {"io_uring_setup",
                                 "io_uring_enter",
                                 "io_uring_register",
                                 "userfaultfd",
                                 "perf_event_open",
                                 "bpf",
                                 "keyctl",
                                 "add_key",
                                 "request_key",
                                 "mount",
                                 "umount2",
                                 "pivot_root",
                                 "chroot",
                                 "fsopen",
                                 "fsconfig",
                                 "fsmount",
                                 "fspick",
                                 "move_mount",
                                 "open_tree",
                                 "mount_setattr",
                                 "setns",
                                 "unshare",
                                 "swapon",
                                 "swapoff",
                                 "reboot",
                                 "pidfd_getfd",
                                 "kcmp",
                                 "process_madvise",
                                 "open_by_handle_at",
                                 "acct",
                                 "quotactl",
                                 "personality"};
constexpr std::array kListening = {"listen", "accept", "accept4"};

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

// Calls that this processor or this libseccomp does not know are passed over.
int AddRules(scmp_filter_ctx context, uint32_t action,
             std::span<const char* const> names) {
  for (const char* name : names) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) continue;
    if (const int error = seccomp_rule_add(context, action, number, 0)) {
      return error;
    }
  }
  return 0;
}

int Load(bool may_listen) {
  const Context context(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (!context) return -ENOMEM;
  const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  if (const int error =
          seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_TSYNC, 1))
    return error;
  if (const int error =
          AddRules(context.get(), SCMP_ACT_KILL_PROCESS, kKilled)) {
    return error;
  }
  if (const int error = AddRules(context.get(), refuse, kRefused)) return error;
  if (!may_listen) {
    if (const int error = AddRules(context.get(), refuse, kListening)) {
      return error;
    }
  }
  return seccomp_load(context.get());
}

}  // namespace

Measure RestrictSystemCalls(bool may_listen) {
  if (HasSanitizer()) {
    return {"seccomp", false,
            "this build has a sanitizer, which needs ptrace and programs"};
  }
  if (const int error = Load(may_listen)) {
    return {"seccomp", false,
            fmt::format("the kernel refused the filter: {}", strerror(-error))};
  }
  return {"seccomp", true,
          fmt::format("no programs, other processes' memory, mounts, keys, "
                      "io_uring{}",
                      may_listen ? "" : ", no listening")};
}

}  // namespace cmif::platform
