// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_ROLE_H_
#define CMIF_ATTEST_ROLE_H_

#include <string_view>

namespace cmif::attest {

// What a side of a connection is.
enum class Role { kServer, kClient };

constexpr std::string_view RoleName(Role role) {
  return role == Role::kServer ? "server" : "client";
}

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_ROLE_H_
