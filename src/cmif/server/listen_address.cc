// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
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

Result<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const auto wrong = [&] {
    return InvalidArgument(
        fmt::format("'{}' is not an address to listen at; give HOST:PORT, e.g. "
                    "127.0.0.1:7070 or [::1]:7070",
                    text.substr(0, 200)));
  };
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool brackets = host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!brackets && host.contains(':'))) return wrong();
  if (host.find_first_of("/[] \t\n") != host.npos) return wrong();

  ListenAddress address;
  address.host_ = host;
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), address.port_);
  if (error != std::errc() || end != port.data() + port.size()) return wrong();
  return address;
}

bool ListenAddress::IsLoopback() const {
  in_addr four{};
  if (inet_pton(AF_INET, host_.c_str(), &four) == 1) {
    return (ntohl(four.s_addr) >> 24) == 127;
  }
  in6_addr six{};
  if (inet_pton(AF_INET6, host_.c_str(), &six) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&six);
  }
  return host_ == "localhost";
}

std::string ListenAddress::ToString(int port) const {
  return host_.contains(':') ? fmt::format("[{}]:{}", host_, port)
                             : fmt::format("{}:{}", host_, port);
}

Result<void> ListenAddress::Probe() const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(port_);
  if (getaddrinfo(host_.c_str(), port.c_str(), &hints, &list) != 0) {
    return InvalidArgument(
        fmt::format("the host '{}' is not known; give an address of this "
                    "machine, e.g. 127.0.0.1",
                    host_));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list,
                                                                 freeaddrinfo);
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    CMIF_TRY(TryBind(*info, ToString()));
  }
  return {};
}

}  // namespace cmif::server
