// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/capabilities.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace cmif::platform {
namespace {

constexpr uint16_t kFirstFreePort = 1024;  // ip_unprivileged_port_start

bool BindsLowPort(const HardeningPlan& plan) {
  return std::ranges::any_of(plan.listen_ports, [](uint16_t port) {
    return port > 0 && port < kFirstFreePort;
  });
}

}  // namespace

Measure DropCapabilities(const HardeningPlan& plan) {
  const bool binds = BindsLowPort(plan);
  const uint32_t kept = binds ? 1U << CAP_NET_BIND_SERVICE : 0;
  // What a program could be given. The kernel may refuse this (CAP_SETPCAP),
  // which no_new_privileges makes good.
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int one = 0; prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; ++one) {
    prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  bool on = syscall(SYS_capget, &header, sets.data()) == 0;
  sets[0] = {sets[0].effective & kept, sets[0].permitted & kept, 0};
  sets[1] = {};
  on = on && syscall(SYS_capset, &header, sets.data()) == 0;
  return {"capabilities", on,
          !on ? fmt::format("the kernel refused capset: {}", strerror(errno))
          : binds ? "none but to bind a port below 1024"
                  : "none, not even root's"};
}

}  // namespace cmif::platform
