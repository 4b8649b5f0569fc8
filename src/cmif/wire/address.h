// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_WIRE_ADDRESS_H_
#define CMIF_WIRE_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::wire {

// HOST:PORT or [IPV6]:PORT, where a server listens or a client connects to. A
// value; thread-safe.
class Address {
 public:
  // INVALID_ARGUMENT for anything else, or a port above 65,535.
  static Result<Address> Parse(std::string_view text);

  // Without brackets.
  const std::string& host() const { return host_; }
  uint16_t port() const { return port_; }
  // "localhost", 127.0.0.0/8 or ::1: names this machine alone.
  bool IsLoopback() const;
  // As gRPC takes it, with another port if one is given.
  std::string ToString() const { return ToString(port_); }
  std::string ToString(int port) const;

 private:
  Address() = default;
  std::string host_;
  uint16_t port_ = 0;
};

}  // namespace cmif::wire

#endif  // CMIF_WIRE_ADDRESS_H_
