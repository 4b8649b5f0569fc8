// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/echo_process.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace cmif::cli {
namespace {

struct Request {
  uint64_t there;
  uint64_t back;
};

bool WriteAll(int socket, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  while (size > 0) {
    const ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    from += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

bool ReadAll(int socket, void* data, size_t size) {
  auto* to = static_cast<uint8_t*>(data);
  while (size > 0) {
    const ssize_t got = recv(socket, to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

// The child's whole life. It was forked from a process with threads, so it
// calls the system alone and allocates nothing.
[[noreturn]] void Answer(int socket) {
  std::array<uint8_t, 65536> buffer{};
  Request request{};
  while (ReadAll(socket, &request, sizeof request)) {
    for (uint64_t left = request.there; left > 0;) {
      const size_t part = std::min<uint64_t>(left, buffer.size());
      if (!ReadAll(socket, buffer.data(), part)) _exit(0);
      left -= part;
    }
    for (uint64_t left = request.back; left > 0;) {
      const size_t part = std::min<uint64_t>(left, buffer.size());
      if (!WriteAll(socket, buffer.data(), part)) _exit(0);
      left -= part;
    }
  }
  _exit(0);
}

}  // namespace

Result<EchoProcess> EchoProcess::Start() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unavailable("the system gives no pair of sockets");
  }
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    Answer(ends[1]);
  }
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return Unavailable("the system gives no second process");
  }
  return EchoProcess(ends[0], pid);
}

EchoProcess::~EchoProcess() {
  if (socket_ < 0) return;
  close(socket_);  // the child reads the end and goes
  waitpid(pid_, nullptr, 0);
}

EchoProcess::EchoProcess(EchoProcess&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      pid_(other.pid_),
      buffer_(std::move(other.buffer_)) {}

Result<double> EchoProcess::RoundTrip(uint64_t there, uint64_t back) {
  const Request request = {there, back};
  buffer_.resize(std::max(sizeof request + there, back));
  std::copy_n(reinterpret_cast<const uint8_t*>(&request), sizeof request,
              buffer_.begin());
  const auto start = std::chrono::steady_clock::now();
  if (!WriteAll(socket_, buffer_.data(), sizeof request + there) ||
      !ReadAll(socket_, buffer_.data(), back)) {
    return Unavailable("the second process is gone");
  }
  const std::chrono::duration<double> time =
      std::chrono::steady_clock::now() - start;
  return time.count();
}

}  // namespace cmif::cli
