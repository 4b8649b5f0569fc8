// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cmif::platform {
namespace {

// Younger than Debian 12's headers: linux/landlock.h of version 6.
constexpr uint64_t kTruncate = 1ULL << 14;     // interface version 3
constexpr uint64_t kIoctlDevice = 1ULL << 15;  // 5
constexpr uint64_t kBindTcp = 1ULL << 0;       // 4
constexpr uint64_t kConnectTcp = 1ULL << 1;    // 4
constexpr uint64_t kScopeAll = 3;              // 6: abstract sockets, signals
constexpr int kRuleNetPort = 2;                // landlock_rule_type

struct RulesetAttributes {
  uint64_t files, ports, scope;
};
struct PortAttributes {
  uint64_t access, port;
};

constexpr uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kDevice =
    kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | kIoctlDevice;
constexpr uint64_t kWrite =
    kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | kTruncate;
// Rights that a rule on something that is no folder may name.
constexpr uint64_t kOfFiles = kDevice | kTruncate | LANDLOCK_ACCESS_FS_EXECUTE;

// Libraries, time zones, certificates, name look-up, and what llama.cpp and
// libgomp ask about processors and memory. Nothing of a user, no passwords.
constexpr std::array kSystem = {"/usr/lib",
                                "/usr/lib64",
                                "/usr/share",
                                "/usr/local/lib",
                                "/lib",
                                "/lib64",
                                "/etc/ssl",
                                "/etc/ca-certificates",
                                "/etc/resolv.conf",
                                "/etc/hosts",
                                "/etc/host.conf",
                                "/etc/gai.conf",
                                "/etc/nsswitch.conf",
                                "/etc/services",
                                "/etc/protocols",
                                "/etc/ld.so.cache",
                                "/etc/localtime",
                                "/proc/self",
                                "/proc/cpuinfo",
                                "/proc/meminfo",
                                "/proc/stat",
                                "/proc/filesystems",
                                "/proc/sys",
                                "/sys/devices/system",
                                "/sys/kernel/mm",
                                "/sys/fs/cgroup",
                                "/dev/urandom",
                                "/dev/random",
                                "/dev/zero"};
// What gives evidence in a TEE.
constexpr std::array kEvidenceDevices = {"/dev/null", "/dev/sev-guest",
                                         "/dev/tdx_guest"};
constexpr std::array kEvidenceFolders = {"/sys/kernel/config/tsm/report",
                                         "/dev/attestation"};
constexpr std::array kGpu = {"/dev/dri",
                             "/dev/kfd",
                             "/dev/nvidia-caps",
                             "/dev/nvidia-uvm",
                             "/dev/nvidia-uvm-tools",
                             "/dev/nvidia0",
                             "/dev/nvidia1",
                             "/dev/nvidia2",
                             "/dev/nvidia3",
                             "/dev/nvidia4",
                             "/dev/nvidia5",
                             "/dev/nvidia6",
                             "/dev/nvidia7",
                             "/dev/nvidiactl"};
constexpr std::array kGpuFacts = {"/proc", "/sys", "/dev/shm"};

RulesetAttributes Handled(int version) {
  RulesetAttributes handled{};
  handled.files = (1ULL << 13) - 1;
  if (version >= 2) handled.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled.files |= kTruncate;
  if (version >= 5) handled.files |= kIoctlDevice;
  if (version >= 4) handled.ports = kBindTcp | kConnectTcp;
  if (version >= 6) handled.scope = kScopeAll;
  return handled;
}

class Ruleset {
 public:
  explicit Ruleset(const RulesetAttributes& handled)
      : handled_(handled),
        descriptor_(static_cast<int>(syscall(
            SYS_landlock_create_ruleset, &handled_, sizeof(handled_), 0))) {}
  ~Ruleset() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;

  void AllowPath(const std::string& path, uint64_t rights) const {
    const int parent = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (parent < 0) return;
    struct stat info{};
    const bool folder = fstat(parent, &info) == 0 && S_ISDIR(info.st_mode);
    const landlock_path_beneath_attr rule = {
        .allowed_access = rights & handled_.files & (folder ? ~0ULL : kOfFiles),
        .parent_fd = parent};
    syscall(SYS_landlock_add_rule, descriptor_, LANDLOCK_RULE_PATH_BENEATH,
            &rule, 0);
    close(parent);
  }
  template <typename Paths>
  void AllowPaths(const Paths& paths, uint64_t rights) const {
    for (const auto& path : paths) AllowPath(path, rights);
  }

  void AllowPort(uint16_t port, uint64_t rights) const {
    if (handled_.ports == 0) return;
    const PortAttributes rule = {rights, port};
    syscall(SYS_landlock_add_rule, descriptor_, kRuleNetPort, &rule, 0);
  }

  bool Enforce() const {
    return descriptor_ >= 0 &&
           syscall(SYS_landlock_restrict_self, descriptor_, 0) == 0;
  }

 private:
  RulesetAttributes handled_;
  int descriptor_;
};

void AllowAll(const Ruleset& rules, const HardeningPlan& plan) {
  rules.AllowPaths(kSystem, kRead);
  rules.AllowPaths(kEvidenceDevices, kDevice);
  rules.AllowPaths(kEvidenceFolders, kWrite | LANDLOCK_ACCESS_FS_REMOVE_DIR);
  if (plan.gpu) {
    rules.AllowPaths(kGpu, kDevice | kRead);
    rules.AllowPaths(kGpuFacts, kRead);
  }
  rules.AllowPaths(plan.readable, kRead);
  rules.AllowPaths(plan.writable, kWrite);
  for (const uint16_t port : plan.connect_ports) {
    rules.AllowPort(port, kConnectTcp);
  }
  for (const uint16_t port : plan.listen_ports) rules.AllowPort(port, kBindTcp);
  // gRPC binds any free port to see whether there is IPv6; who may not listen
  // can do nothing with it (RestrictSystemCalls).
  rules.AllowPort(0, kBindTcp);
}

Measure Since(std::string id, int version, int needed, std::string does) {
  if (version >= needed) return {std::move(id), true, std::move(does)};
  return {
      std::move(id), false,
      fmt::format("needs version {} of Landlock's interface, the kernel has "
                  "{}",
                  needed, version)};
}

}  // namespace

int LandlockVersion() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0,
                               LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

std::vector<Measure> RestrictWithLandlock(const HardeningPlan& plan) {
  const int version = LandlockVersion();
  std::string why = "the kernel has no Landlock, or it is off (lsm=)";
  bool on = false;
  if (version > 0) {
    const Ruleset rules(Handled(version));
    AllowAll(rules, plan);
    on = rules.Enforce();
    if (!on) why = fmt::format("the kernel refused it: {}", strerror(errno));
  }
  if (!on) {
    return {{"landlock.files", false, why},
            {"landlock.ports", false, why},
            {"landlock.scope", false, why}};
  }
  return {
      Since("landlock.files", version, 1,
            "files and folders that options name, and public ones of the "
            "system"),
      Since("landlock.ports", version, 4, "TCP ports that options name"),
      Since("landlock.scope", version, 6,
            "no signals to other processes, no abstract sockets of theirs")};
}

}  // namespace cmif::platform
