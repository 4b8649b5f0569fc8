// SPDX-License-Identifier: Apache-2.0
// What the .cc files of Service share.
#ifndef CMIF_BROKER_SERVICE_INL_H_
#define CMIF_BROKER_SERVICE_INL_H_

#include <algorithm>
#include <string>
#include <string_view>

#include "cmif/broker/service.h"

namespace cmif::broker {

inline std::unexpected<Status> Unauthenticated(std::string message) {
  return Fail(Code::kUnauthenticated, std::move(message));
}

// The value of our cookie; empty if there is none.
inline std::string SessionIdOf(std::string_view cookies) {
  const std::string name = std::string(kSessionCookie) + "=";
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view one = cookies.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name)) return std::string(one.substr(name.size()));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return {};
}

// What a call of the store gave. A state that is broken or held by others is
// not the client's fault.
template <typename T>
Result<T> OfStore(Result<T> result) {
  if (result) return result;
  const Code code = result.error().code();
  const bool decided = code == Code::kPermissionDenied ||
                       code == Code::kFailedPrecondition ||
                       code == Code::kResourceExhausted;
  return decided ? result : Unavailable(result.error().message());
}

}  // namespace cmif::broker

#endif  // CMIF_BROKER_SERVICE_INL_H_
