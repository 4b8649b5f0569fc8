// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/time.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>

#include "cmif/tee/asn1_time-inl.h"

namespace cmif::tee {
namespace {

std::unexpected<Status> Malformed() {
  return InvalidArgument(
      "a time is not RFC 3339 in whole seconds, as 2026-03-20T12:00:00Z");
}

// Whether `text` has a digit wherever `shape` has '0', and its characters
// elsewhere.
bool HasShape(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape, [](char c, char wanted) {
    return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
  });
}

int TwoDigits(std::string_view text) {
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// Seconds that local time is ahead of UTC.
Result<int64_t> Offset(std::string_view zone) {
  if (zone == "Z") return 0;
  const bool east = zone.starts_with('+');
  if (!HasShape(zone, east ? "+00:00" : "-00:00")) return Malformed();
  const int hours = TwoDigits(zone.substr(1));
  const int minutes = TwoDigits(zone.substr(4));
  if (hours > 23 || minutes > 59) return Malformed();
  return (east ? 1 : -1) * (hours * 3600 + minutes * 60);
}

}  // namespace

Result<Time> ParseTime(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() ||
      !HasShape(text.substr(0, kShape.size()), kShape)) {
    return Malformed();
  }
  CMIF_ASSIGN(const int64_t offset, Offset(text.substr(kShape.size())));
  std::string digits(text.substr(0, kShape.size()));
  std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> asn1(
      ASN1_TIME_new(), ASN1_TIME_free);
  if (asn1 == nullptr || ASN1_GENERALIZEDTIME_set_string(
                             asn1.get(), (digits + "Z").c_str()) != 1) {
    return Malformed();
  }
  const auto local = FromAsn1Time(asn1.get());
  if (!local || local->seconds - offset < 0) return Malformed();
  return Time{local->seconds - offset};
}

std::string FormatTime(Time time) {
  constexpr int64_t kEndOfYear9999 = 253402300799;
  const time_t seconds = time.seconds;
  tm parts{};
  if (time.seconds < 0 || time.seconds > kEndOfYear9999 ||
      OPENSSL_gmtime(&seconds, &parts) == nullptr) {
    return "?";
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace cmif::tee
