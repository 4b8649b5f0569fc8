// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_LISTEN_ADDRESS_H_
#define CMIF_SERVER_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::server {

// "host:port" or "[ipv6]:port". A value; thread-safe.
class ListenAddress {
 public:
  // INVALID_ARGUMENT for anything else, or a port above 65,535.
  static Result<ListenAddress> Parse(std::string_view text);

  const std::string& host() const { return host_; }
  uint16_t port() const { return port_; }
  // "localhost", 127.0.0.0/8 or ::1.
  bool IsLoopback() const;
  // As gRPC takes it, with another port if one is given.
  std::string ToString() const { return ToString(port_); }
  std::string ToString(int port) const;

  // Tries to bind, and closes again. ALREADY_EXISTS: the port is taken;
  // PERMISSION_DENIED: not ours to open; INVALID_ARGUMENT: no such host or not
  // an address of this machine.
  Result<void> Probe() const;

 private:
  ListenAddress() = default;
  std::string host_;
  uint16_t port_ = 0;
};

}  // namespace cmif::server

#endif  // CMIF_SERVER_LISTEN_ADDRESS_H_
