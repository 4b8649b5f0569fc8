// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/diagnose_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace cmif::platform {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthersAny = S_IRWXG | S_IRWXO;

Finding CannotLook(const char* id, const fs::path& path) {
  return Failed(id, fmt::format("{}: {}", path.string(), strerror(errno)),
                "give the path of one that exists and may be read");
}

// Connects without waiting for longer than `limit`.
bool Connects(const addrinfo& address, std::chrono::milliseconds limit) {
  const int descriptor =
      socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  int error = 0;
  if (connect(descriptor, address.ai_addr, address.ai_addrlen) != 0) {
    error = errno;
    pollfd entry{descriptor, POLLOUT, 0};
    socklen_t size = sizeof(error);
    if (error == EINPROGRESS &&
        poll(&entry, 1, static_cast<int>(limit.count())) == 1) {
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  close(descriptor);
  return error == 0;
}

}  // namespace

std::vector<Finding> DiagnoseBundle(const fs::path& folder) {
  struct stat info{};
  const fs::path file = folder / "embedding.cmif";
  if (stat(file.c_str(), &info) != 0) return {CannotLook("bundle", file)};
  std::vector<Finding> findings = {
      Pass("bundle", fmt::format("{} bytes", info.st_size))};
  if ((info.st_mode & kOthersAny) != 0) {
    findings.push_back(
        Warn("bundle.readers", "other users can read or write the bundle",
             "chmod go= embedding.cmif, or seal it (cmif split --seal)"));
  } else {
    findings.push_back(Pass("bundle.readers", "its owner alone"));
  }
  if (stat(folder.c_str(), &info) != 0) return {CannotLook("bundle", folder)};
  if ((info.st_mode & kOthersWrite) != 0) {
    findings.push_back(Failed("bundle.folder",
                              "other users can put files into the folder",
                              "chmod go-w " + folder.string()));
  } else {
    findings.push_back(Pass("bundle.folder", "its owner alone writes to it"));
  }
  return findings;
}

Finding DiagnoseKey(const fs::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return CannotLook("key", file);
  if ((info.st_mode & kOthersAny) == 0) {
    return Pass("key", file.string() + ": its owner alone");
  }
  return Failed("key",
                fmt::format("{} has mode {:o}: others can reach it",
                            file.string(), info.st_mode & 0777),
                "chmod 600 " + file.string() + ", and make a new key");
}

Finding DiagnoseDisk(const fs::path& folder) {
  struct statvfs info{};
  if (statvfs(folder.c_str(), &info) != 0) return CannotLook("disk", folder);
  const uint64_t mib = uint64_t{info.f_bavail} * info.f_frsize >> 20;
  std::string observed = fmt::format("{} MiB free", mib);
  const std::string fix = "make room: channels are kept beside the bundle";
  if (mib < 16) return Failed("disk", std::move(observed), fix);
  if (mib < 1024) return Warn("disk", std::move(observed), fix);
  return Pass("disk", std::move(observed));
}

Finding DiagnosePort(const std::string& host, uint16_t port,
                     std::chrono::milliseconds limit) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const std::string place = fmt::format("{} port {}", host, port);
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw) !=
      0) {
    return Failed("server", place + ": no such host",
                  "check the name and the name servers (/etc/resolv.conf)");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(
      raw, freeaddrinfo);
  for (const addrinfo* at = raw; at != nullptr; at = at->ai_next) {
    if (Connects(*at, limit)) {
      return Pass("server", place + " accepts connections");
    }
  }
  return Failed("server", place + " accepts no connection",
                "start cmif server there (--listen), or open the port in "
                "the firewalls between");
}

}  // namespace cmif::platform
