// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cmif::wire {

Result<Address> Address::Parse(std::string_view text) {
  const auto wrong = [&] {
    // What has spaces may be a text that was meant for another flag.
    const bool plain =
        text.size() <= 200 &&
        std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    return InvalidArgument(
        fmt::format("{} is no address; give HOST:PORT with a port up to "
                    "65535, e.g. 127.0.0.1:7070 or [::1]:7070",
                    plain ? fmt::format("'{}'", text) : "this"));
  };
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool brackets = host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!brackets && host.contains(':'))) return wrong();
  if (host.find_first_of("/[] \t\n") != host.npos) return wrong();

  Address address;
  address.host_ = host;
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), address.port_);
  if (error != std::errc() || end != port.data() + port.size()) return wrong();
  return address;
}

bool Address::IsLoopback() const {
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

std::string Address::ToString(int port) const {
  return host_.contains(':') ? fmt::format("[{}]:{}", host_, port)
                             : fmt::format("{}:{}", host_, port);
}

}  // namespace cmif::wire
