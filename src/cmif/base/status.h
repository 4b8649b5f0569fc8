// SPDX-License-Identifier: Apache-2.0
// Status and Result: how every room reports failure. No exception crosses a
// room's boundary. The codes are gRPC's, so a status survives the wire.
#ifndef CMIF_BASE_STATUS_H_
#define CMIF_BASE_STATUS_H_

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cmif {

// The codes of gRPC, same numbers.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The code's name as gRPC writes it, e.g. "INVALID_ARGUMENT".
std::string_view CodeName(Code code);

// A failure: what was wrong, the limit, and what to do next. Never contains
// user text, tokens, rows or keys. Values of this type are never kOk inside a
// Result.
class Status {
 public:
  Status(Code code, std::string message)
      : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure with a place in front: "PLACE: message".
  Status At(std::string_view place) const;

 private:
  Code code_;
  std::string message_;
};

template <typename T>
using Result = std::expected<T, Status>;

// Shorthands: `return InvalidArgument("...")` from any Result<T> function.
inline std::unexpected<Status> Fail(Code code, std::string message) {
  return std::unexpected(Status(code, std::move(message)));
}
inline std::unexpected<Status> InvalidArgument(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}
inline std::unexpected<Status> NotFound(std::string message) {
  return Fail(Code::kNotFound, std::move(message));
}
inline std::unexpected<Status> DataLoss(std::string message) {
  return Fail(Code::kDataLoss, std::move(message));
}
inline std::unexpected<Status> FailedPrecondition(std::string message) {
  return Fail(Code::kFailedPrecondition, std::move(message));
}
inline std::unexpected<Status> PermissionDenied(std::string message) {
  return Fail(Code::kPermissionDenied, std::move(message));
}
inline std::unexpected<Status> OutOfRange(std::string message) {
  return Fail(Code::kOutOfRange, std::move(message));
}
inline std::unexpected<Status> ResourceExhausted(std::string message) {
  return Fail(Code::kResourceExhausted, std::move(message));
}
inline std::unexpected<Status> Unimplemented(std::string message) {
  return Fail(Code::kUnimplemented, std::move(message));
}
inline std::unexpected<Status> Unavailable(std::string message) {
  return Fail(Code::kUnavailable, std::move(message));
}
inline std::unexpected<Status> Internal(std::string message) {
  return Fail(Code::kInternal, std::move(message));
}

}  // namespace cmif

#define CMIF_CONCAT_INNER(a, b) a##b
#define CMIF_CONCAT(a, b) CMIF_CONCAT_INNER(a, b)

// CMIF_TRY(expr): returns the error of a Result<void>, else goes on.
#define CMIF_TRY(expr)                                        \
  do {                                                        \
    if (auto cmif_result = (expr); !cmif_result) {            \
      return std::unexpected(std::move(cmif_result).error()); \
    }                                                         \
  } while (false)

// CMIF_ASSIGN(auto x, expr): x = the value, or returns the error.
#define CMIF_ASSIGN(target, expr) \
  CMIF_ASSIGN_INNER(CMIF_CONCAT(cmif_value_, __LINE__), target, expr)
#define CMIF_ASSIGN_INNER(name, target, expr)        \
  auto name = (expr);                                \
  if (!name) {                                       \
    return std::unexpected(std::move(name).error()); \
  }                                                  \
  target = *std::move(name)

#endif  // CMIF_BASE_STATUS_H_
