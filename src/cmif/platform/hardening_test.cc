// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/hardening.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/platform/landlock.h"

namespace cmif::platform {
namespace {

constexpr int kSkip = 77;
constexpr int kHardenFailed = 78;

// The status of a child that runs `act` after Harden(plan), as wait() gives it.
// The child ends with kSkip where the measure `needs` is off.
int ChildStatus(const HardeningPlan& plan, std::string_view needs,
                const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    const auto report = Harden(plan);
    if (!report) _exit(kHardenFailed);
    const Measure* measure = report->Find(needs);
    if (measure == nullptr) _exit(kHardenFailed);
    _exit(measure->on ? act() : kSkip);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

bool Skipped(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == kSkip;
}

#define SKIP_IF_OFF(status)                                              \
  if (Skipped(status)) {                                                 \
    GTEST_SKIP() << "NOT TESTED: the kernel or this build refuses this " \
                    "measure; cmif doctor says why";                     \
  }

// What `act` ended with: its value, or 0 - the signal that killed it.
int Outcome(int status) {
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int OpenErrno(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags, 0600);
  return descriptor < 0 ? errno : 0;
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int SocketErrno(decltype(&connect) call, uint16_t port) {
  const sockaddr_in address = Loopback(port);
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  return call(socket_fd, raw, sizeof(address)) == 0 ? 0 : errno;
}

class HardeningTest : public ::testing::Test {
 protected:
  HardeningTest() {
    for (const char* sub : {"named", "out", "foreign"}) {
      std::filesystem::create_directory(folder_ / sub);
      std::ofstream(folder_ / sub / "file") << "text";
    }
    plan_.readable = {Path("named")};
    plan_.writable = {Path("out")};
  }

  std::string Path(const std::string& name) const { return folder_ / name; }

  const cmif::testing::TempFolder folder_;
  HardeningPlan plan_;
};

TEST_F(HardeningTest, StartingAProgramKills) {
  const int status = ChildStatus(plan_, "seccomp", [] {
    execl("/bin/true", "true", nullptr);
    return 1;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), -SIGSYS);
}

TEST_F(HardeningTest, TracingKills) {
  const int status = ChildStatus(plan_, "seccomp", [] {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    return 1;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), -SIGSYS);
}

TEST_F(HardeningTest, ReadingAnotherProcessKills) {
  const int status = ChildStatus(plan_, "seccomp", [] {
    char byte = 0;
    const iovec piece = {&byte, 1};
    process_vm_readv(getppid(), &piece, 1, &piece, 1, 0);
    return 1;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), -SIGSYS);
}

TEST_F(HardeningTest, CallsThatLibrariesTryAreRefusedInEveryThread) {
  const int status = ChildStatus(plan_, "seccomp", [] {
    int failed = 0;
    std::thread([&] {
      for (const long number : {SYS_io_uring_setup, SYS_userfaultfd,
                                SYS_perf_event_open, SYS_keyctl, SYS_bpf}) {
        if (syscall(number, 0, 0, 0, 0, 0) != -1 || errno != EPERM) ++failed;
      }
    }).join();
    return failed;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

TEST_F(HardeningTest, WhoNamesNoPortToListenAtCannotListen) {
  const auto act = [] {
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    return listen(socket_fd, 1) == 0 ? 0 : errno;
  };
  const int status = ChildStatus(plan_, "seccomp", act);
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), EPERM);
  plan_.listen_ports = {0};
  EXPECT_EQ(Outcome(ChildStatus(plan_, "seccomp", act)), 0);
}

TEST_F(HardeningTest, ForeignFilesCannotBeOpened) {
  for (const std::string& path :
       {Path("foreign/file"), Path("foreign"), std::string("/etc/passwd"),
        std::string("/proc/1/cmdline")}) {
    const int status = ChildStatus(plan_, "landlock.files",
                                   [&] { return OpenErrno(path, O_RDONLY); });
    SKIP_IF_OFF(status);
    EXPECT_EQ(Outcome(status), EACCES) << path;
  }
}

TEST_F(HardeningTest, NamedFilesCanBeReadAndNotWritten) {
  const int read = ChildStatus(plan_, "landlock.files", [&] {
    return OpenErrno(Path("named/file"), O_RDONLY);
  });
  SKIP_IF_OFF(read);
  EXPECT_EQ(Outcome(read), 0);
  EXPECT_EQ(Outcome(ChildStatus(
                plan_, "landlock.files",
                [&] { return OpenErrno(Path("named/file"), O_WRONLY); })),
            EACCES);
  EXPECT_EQ(
      Outcome(ChildStatus(
          plan_, "landlock.files",
          [&] { return OpenErrno(Path("named/new"), O_WRONLY | O_CREAT); })),
      EACCES);
}

TEST_F(HardeningTest, NamedFoldersCanBeWrittenWithNewFilesForTheirOwner) {
  const int status = ChildStatus(plan_, "landlock.files", [&] {
    const int made = OpenErrno(Path("out/new"), O_WRONLY | O_CREAT);
    if (made != 0) return made;
    const std::string renamed = Path("out/renamed");
    return rename(Path("out/new").c_str(), renamed.c_str()) == 0 ? 0 : errno;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
  struct stat info{};
  ASSERT_EQ(stat(Path("out/renamed").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

// A port of this test's own, that something listens at.
class ListeningPort {
 public:
  ListeningPort() {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    bind(socket_, raw, size);
    listen(socket_, 8);
    getsockname(socket_, raw, &size);
    port_ = ntohs(address.sin_port);
  }
  ~ListeningPort() { close(socket_); }
  uint16_t number() const { return port_; }

 private:
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  uint16_t port_ = 0;
};

TEST_F(HardeningTest, OnlyNamedPortsCanBeConnectedTo) {
  const ListeningPort named;
  const ListeningPort foreign;
  plan_.connect_ports = {named.number()};
  const int status = ChildStatus(plan_, "landlock.ports", [&] {
    return SocketErrno(connect, foreign.number());
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), EACCES);
  EXPECT_EQ(Outcome(ChildStatus(
                plan_, "landlock.ports",
                [&] { return SocketErrno(connect, named.number()); })),
            0);
}

TEST_F(HardeningTest, OnlyNamedPortsCanBeBound) {
  uint16_t port = 0;
  {
    const ListeningPort freed;
    port = freed.number();
  }
  const auto act = [&] { return SocketErrno(bind, port); };
  const int status = ChildStatus(plan_, "landlock.ports", act);
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), EACCES);
  plan_.listen_ports = {port};
  EXPECT_EQ(Outcome(ChildStatus(plan_, "landlock.ports", act)), 0);
}

TEST_F(HardeningTest, OtherProcessesCannotBeSignalled) {
  const int status = ChildStatus(plan_, "landlock.scope", [] {
    return kill(getppid(), 0) == 0 ? 0 : errno;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), EPERM);
}

TEST_F(HardeningTest, ProcessIsNotDumpableAndGetsNoPrivileges) {
  const int status = ChildStatus(plan_, "dumpable", [] {
    rlimit core{1, 1};
    getrlimit(RLIMIT_CORE, &core);
    return prctl(PR_GET_DUMPABLE) == 0 &&
                   prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                   core.rlim_cur == 0 && core.rlim_max == 0
               ? 0
               : 1;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

TEST_F(HardeningTest, PreloadedCodeIsRefusedAndOtherVariablesRemoved) {
  if (HasSanitizer()) GTEST_SKIP() << "sanitizers are preloaded themselves";
  const auto is_set = [] { return getenv("SSLKEYLOGFILE") == nullptr ? 0 : 1; };
  setenv("SSLKEYLOGFILE", "/tmp/keys", 1);
  EXPECT_EQ(Outcome(ChildStatus(plan_, "environment", is_set)), 0);
  setenv("LD_PRELOAD", "libforeign.so", 1);
  EXPECT_EQ(Outcome(ChildStatus(plan_, "environment", is_set)), kHardenFailed);
  unsetenv("LD_PRELOAD");
  unsetenv("SSLKEYLOGFILE");
}

TEST_F(HardeningTest, InheritedDescriptorsAreClosed) {
  const int inherited = open("/etc/passwd", O_RDONLY);
  ASSERT_GE(inherited, 3);
  const auto is_open = [&] { return fcntl(inherited, F_GETFD) < 0 ? 0 : 1; };
  const int status = ChildStatus(plan_, "descriptors", is_open);
  EXPECT_EQ(is_open(), 1);
  close(inherited);
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

constexpr uint64_t kBindLowPorts = 1U << CAP_NET_BIND_SERVICE;

// A set of this process's capabilities, a bit for each.
uint64_t Capabilities(std::string_view set) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(set)) return std::stoull(line.substr(8), nullptr, 16);
  }
  return ~uint64_t{0};
}

TEST_F(HardeningTest, NoCapabilityIsLeft) {
  const int status = ChildStatus(plan_, "capabilities", [] {
    int left = 0;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
      if (Capabilities(set) != 0) ++left;
    }
    return left;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

TEST_F(HardeningTest, WhoListensAtALowPortMayStillBindIt) {
  if ((Capabilities("CapEff") & kBindLowPorts) == 0) {
    GTEST_SKIP() << "NOT TESTED: this user may not bind ports below 1024";
  }
  plan_.listen_ports = {443};
  const int status = ChildStatus(plan_, "capabilities", [] {
    return Capabilities("CapEff") == kBindLowPorts &&
                   Capabilities("CapPrm") == kBindLowPorts
               ? 0
               : 1;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

TEST_F(HardeningTest, KeysOfOpenSslAreLocked) {
  const int status = ChildStatus(plan_, "key_heap", [] {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmLck:")) return std::stoi(line.substr(6)) < 1024;
    }
    return true;
  });
  SKIP_IF_OFF(status);
  EXPECT_EQ(Outcome(status), 0);
}

TEST(HardeningReportTest, LineNamesWhatIsOff) {
  const HardeningReport report{
      {{"core", true, "no core dumps"}, {"seccomp", false, "no kernel"}}};
  EXPECT_EQ(report.Line(),
            "hardening: 1 of 2 measures on; off: seccomp (no kernel)");
  EXPECT_FALSE(report.AllOn());
  EXPECT_TRUE(HardeningReport{}.AllOn());
}

TEST(LandlockTest, VersionIsNeverNegative) { EXPECT_GE(LandlockVersion(), 0); }

}  // namespace
}  // namespace cmif::platform
