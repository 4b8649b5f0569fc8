// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

extern char** environ;

namespace cmif::cli {
namespace {

constexpr std::string_view kListening = "listening on ";
constexpr auto kStartLimit = std::chrono::seconds(60);
constexpr auto kStopLimit = std::chrono::seconds(12);

Result<pid_t> Spawn(const std::filesystem::path& body,
                    const std::vector<std::string>& flags, int out) {
  std::vector<std::string> arguments = {OwnBinary().string(),
                                        "server",
                                        "--body",
                                        body.string(),
                                        "--listen",
                                        "127.0.0.1:0",
                                        "--stop-with-parent",
                                        std::to_string(getpid())};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> raw;
  raw.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, raw[0], &actions, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Internal("cannot start cmif server");
  return pid;
}

}  // namespace

std::filesystem::path OwnBinary() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

Result<ServerProcess> ServerProcess::Start(
    const std::filesystem::path& body, const std::vector<std::string>& flags) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Internal("cannot make a pipe");
  ServerProcess process;
  const auto pid = Spawn(body, flags, ends[1]);
  close(ends[1]);
  if (!pid) {
    close(ends[0]);
    return std::unexpected(pid.error());
  }
  process.pid_ = *pid;
  const auto listening = process.WaitForAddress(ends[0]);
  close(ends[0]);
  if (!listening) return std::unexpected(listening.error());
  return process;
}

Result<void> ServerProcess::WaitForAddress(int descriptor) {
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  std::string said;
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd entry{descriptor, POLLIN, 0};
    if (poll(&entry, 1, 200) <= 0) continue;
    std::array<char, 512> chunk;
    const ssize_t got = read(descriptor, chunk.data(), chunk.size());
    if (got <= 0) return Unavailable("cmif server ended before it listened");
    said.append(chunk.data(), static_cast<size_t>(got));
    const size_t end = said.find('\n');
    if (end == std::string::npos) continue;
    const size_t at = said.find(kListening);
    if (at == std::string::npos || at > end) break;
    address_ =
        said.substr(at + kListening.size(), end - at - kListening.size());
    return {};
  }
  return Unavailable("cmif server did not listen in time");
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      address_(std::move(other.address_)) {}

ServerProcess::~ServerProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kStopLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace cmif::cli
