// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/listen_probe.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace cmif::server {
namespace {

Result<void> TryBind(const addrinfo& info, const std::string& name) {
  const int descriptor = socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return {};  // a family without support: gRPC decides
  // As gRPC does: a port in TIME_WAIT is free.
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int code = bind(descriptor, info.ai_addr, info.ai_addrlen);
  const int listen_code = code == 0 ? listen(descriptor, 1) : code;
  const int error = listen_code == 0 ? 0 : errno;
  close(descriptor);
  if (error == EADDRINUSE) {
    return Fail(Code::kAlreadyExists,
                fmt::format("{} is taken by another program; stop it or give "
                            "another port with --listen",
                            name));
  }
  if (error == EACCES || error == EPERM) {
    return PermissionDenied(fmt::format(
        "{} cannot be opened by this user; use a port above 1023", name));
  }
  if (error == EADDRNOTAVAIL && info.ai_family == AF_INET) {
    return InvalidArgument(
        fmt::format("{} is not an address of this machine", name));
  }
  return {};
}

}  // namespace

Result<void> ProbeListen(const wire::Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port());
  if (getaddrinfo(address.host().c_str(), port.c_str(), &hints, &list) != 0) {
    return InvalidArgument(
        fmt::format("the host '{}' is not known; give an address of this "
                    "machine, e.g. 127.0.0.1",
                    address.host()));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list,
                                                                 freeaddrinfo);
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    CMIF_TRY(TryBind(*info, address.ToString()));
  }
  return {};
}

}  // namespace cmif::server
