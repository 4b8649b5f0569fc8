// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/grpc_status.h"

#include <algorithm>
#include <string>

namespace cmif::wire {

grpc::Status ToGrpc(const Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message()};
}

Result<void> FromGrpc(const grpc::Status& status) {
  if (status.ok()) return {};
  constexpr size_t kLimitBytes = 1000;
  std::string message = status.error_message().substr(0, kLimitBytes);
  std::replace_if(
      message.begin(), message.end(),
      [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  const int number = status.error_code();
  const bool known = number > 0 && number <= 16;
  return Fail(known ? static_cast<Code>(number) : Code::kUnknown,
              std::move(message));
}

}  // namespace cmif::wire
